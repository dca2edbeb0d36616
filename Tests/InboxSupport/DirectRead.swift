import Inbox

/// A read that was begun without a task.
package struct DirectRead: Sendable {
  /// Takes the read back.
  package let takeBack: @Sendable () -> Void
  private let results: AsyncStream<Result<Int, any Error>>

  /// Begins a read; nil if the store only reads for tasks.
  package init?(
    _ store: some MessageStore, before deadline: ContinuousClock.Instant? = nil,
    _ body: @escaping @Sendable (any StoreReader) throws -> Int
  ) {
    let (results, result) = AsyncStream<Result<Int, any Error>>.makeStream()
    guard let takeBack = store.read(before: deadline, body, done: { result.yield($0) }) else { return nil }
    (self.takeBack, self.results) = (takeBack, results)
  }

  /// The first result, once it is told.
  package var value: Int {
    get async throws {
      for await result in results { return try result.get() }
      throw CancellationError()
    }
  }
}

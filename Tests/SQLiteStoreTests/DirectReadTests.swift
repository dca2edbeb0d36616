import Dispatch
import Inbox
import Testing

@testable import SQLiteStore

/// Reads for which no task waits.
struct DirectReadTests {
  /// Begins a read; the stream has its result.
  private func begin(
    _ store: SQLiteStore, _ body: @escaping @Sendable (any StoreReader) throws -> Int
  ) throws -> (takeBack: @Sendable () -> Void, results: AsyncStream<Result<Int, any Error>>) {
    let (results, result) = AsyncStream<Result<Int, any Error>>.makeStream()
    let takeBack = store.read(before: nil, body) { result.yield($0) }
    return (try #require(takeBack), results)
  }

  private func first(_ results: AsyncStream<Result<Int, any Error>>) async throws -> Int {
    for await result in results { return try result.get() }
    throw CancellationError()
  }

  @Test func theyAreAnsweredLikeOthers() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    for n in 1...3 {
      _ = try await store.append(draft())
      #expect(try await first(begin(store) { try $0.state(of: bob).shared.head }.results) == n)
    }
    await #expect(throws: StoreError.notFound) {
      try await first(begin(store) { _ in throw StoreError.notFound }.results)
    }
    try await store.close()
    await #expect(throws: StoreError.closed) { try await first(begin(store) { _ in 1 }.results) }
  }

  @Test func oneThatIsTakenBackIsNotDone() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: FilePath(folder.path("a.db")), readers: 1, patience: .seconds(600))
    let (reading, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let slow = try begin(store) { _ in
      reading.signal()
      release.waitOrFail()
      return 1
    }
    await reading.waited()
    let queued = try begin(store) { _ in
      Issue.record("it was done")
      return 2
    }
    // It has begun: it is done.
    slow.takeBack()
    queued.takeBack()
    await #expect(throws: CancellationError.self) { try await first(queued.results) }
    release.signal()
    #expect(try await first(slow.results) == 1)
    try await store.close()
  }
}

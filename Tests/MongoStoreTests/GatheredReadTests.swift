import Dispatch
import Inbox
import Mongo
import MongoSupport
import Testing

@testable import MongoStore

/// Reads for which no task waits.
struct GatheredReadTests {
  /// Begins a read; the stream has its result.
  private func begin(
    _ store: MongoStore, _ body: @escaping @Sendable (any StoreReader) throws -> Int
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
    try await withStores(try await .shared(.replicaSet())) { stores in
      let store = stores[0]
      // Until the server is known, nobody knows whether reads can be gathered.
      #expect(store.read(before: nil, { _ in 1 }, done: { _ in Issue.record("it was done") }) == nil)
      _ = try await store.state()
      for n in 1...30 {
        _ = try await store.append(draft("\(n)"), to: [team])
        #expect(try await first(begin(store) { try $0.state(of: bob).shared.head }.results) == n)
      }
      // What did not come with the state.
      let deep = try begin(store) { reader in
        _ = try reader.state(of: bob)
        return try reader.messages(in: team, SequenceSet(2, through: 5)).reduce(0) { $0 + $1.seq }
      }
      #expect(try await first(deep.results) == 14)
      await #expect(throws: StoreError.notFound) {
        try await first(
          begin(store) { reader in
            _ = try reader.state(of: bob)
            throw StoreError.notFound
          }.results)
      }
      #expect(try await first(begin(store) { _ in 7 }.results) == 7)
      #expect(store.read(before: .now + .seconds(60), { _ in 1 }, done: { _ in }) == nil)
    }
  }

  /// Whoever asks must be told that it may be tried again.
  @Test func withoutASessionItIsUnavailable() async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      let store = stores[0]
      _ = try await store.state()
      try await store.close()
      let read = try begin(store) { try $0.state(of: bob).shared.head }
      let error = await #expect(throws: StoreError.self) { try await first(read.results) }
      guard case .unavailable = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  /// Several inboxes have to be of one moment.
  @Test func severalInboxesNeedATask() async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      let store = stores[0]
      _ = try await store.state()
      let read = try begin(store) { reader in
        let states = try reader.states(of: [bob, Inbox(user: "bob")])
        return states.count
      }
      await #expect(throws: NeedsTask.self) { try await first(read.results) }
    }
  }

  @Test func whatIsAskedForAloneNeedsATask() async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      let store = stores[0]
      _ = try await store.append(draft("a"), to: [team])
      let read = try begin(store) { reader in
        let head = try reader.state(of: bob).shared.head
        return try reader.last(in: team, notAfter: .max) + head
      }
      await #expect(throws: NeedsTask.self) { try await first(read.results) }
      let numbers = try begin(store) { reader in
        _ = try reader.state(of: bob)
        return try reader.numbers(in: team, where: .sender("ann"), from: 1, through: 30).count
      }
      await #expect(throws: NeedsTask.self) { try await first(numbers.results) }
    }
  }

  @Test func oneThatIsTakenBackIsNotDone() async throws {
    try await withStores(
      try await .shared(.replicaSet()), options: "waitQueueTimeoutMS=600000&maxPoolSize=1"
    ) { stores in
      let store = stores[0]
      _ = try await store.state()
      let (begun, signal) = AsyncStream<Void>.makeStream()
      let gate = DispatchSemaphore(value: 0)
      async let busy: Void = store.session { _ in
        signal.finish()
        gate.wait()
      }
      for await _ in begun {}
      let taken = try begin(store) { try $0.state(of: bob).shared.head }
      taken.takeBack()
      await #expect(throws: CancellationError.self) { try await first(taken.results) }
      let other = try begin(store) { try $0.state(of: bob).shared.head }
      gate.signal()
      try await busy
      #expect(try await first(other.results) == 0)
      // It has ended: nothing is told twice.
      other.takeBack()
      taken.takeBack()
    }
  }
}

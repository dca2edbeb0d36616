import Dispatch
import Inbox
import InboxSupport
import Mongo
import MongoSupport
import Testing

@testable import MongoStore

/// Reads for which no task waits.
struct GatheredReadTests {
  private func begin(
    _ store: MongoStore, _ body: @escaping @Sendable (any StoreReader) throws -> Int
  ) throws -> DirectRead {
    try #require(DirectRead(store, body))
  }

  @Test func theyAreAnsweredLikeOthers() async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      let store = stores[0]
      // Until the server is known, nobody knows whether reads can be gathered.
      #expect(DirectRead(store, { _ in 1 }) == nil)
      _ = try await store.state()
      for n in 1...30 {
        _ = try await store.append(draft("\(n)"), to: [team])
        #expect(try await begin(store) { try $0.state(of: bob).shared.head }.value == n)
      }
      // What did not come with the state.
      let deep = try begin(store) { reader in
        _ = try reader.state(of: bob)
        return try reader.messages(in: team, SequenceSet(2, through: 5)).reduce(0) { $0 + $1.seq }
      }
      #expect(try await deep.value == 14)
      await #expect(throws: StoreError.notFound) {
        try await begin(store) { reader in
          _ = try reader.state(of: bob)
          throw StoreError.notFound
        }.value
      }
      #expect(try await begin(store) { _ in 7 }.value == 7)
      #expect(DirectRead(store, before: .now + .seconds(60), { _ in 1 }) == nil)
    }
  }

  /// Whoever asks must be told that it may be tried again.
  @Test func withoutASessionItIsUnavailable() async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      let store = stores[0]
      _ = try await store.state()
      try await store.close()
      let read = try begin(store) { try $0.state(of: bob).shared.head }
      let error = await #expect(throws: StoreError.self) { try await read.value }
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
      await #expect(throws: NeedsTask.self) { try await read.value }
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
      await #expect(throws: NeedsTask.self) { try await read.value }
      let numbers = try begin(store) { reader in
        _ = try reader.state(of: bob)
        return try reader.numbers(in: team, where: .sender("ann"), from: 1, through: 30).count
      }
      await #expect(throws: NeedsTask.self) { try await numbers.value }
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
      await #expect(throws: CancellationError.self) { try await taken.value }
      let other = try begin(store) { try $0.state(of: bob).shared.head }
      gate.signal()
      try await busy
      #expect(try await other.value == 0)
      // It has ended: nothing is told twice.
      other.takeBack()
      taken.takeBack()
    }
  }
}

import Dispatch
import Inbox
import MongoSupport
import Testing

@testable import MongoStore

/// Views that read together get the same as each would get alone.
struct GatheringTests {
  private let inboxes = (0..<40).map { Inbox(user: Text("user \($0 % 8)"), team: Text("team \($0 / 8)")) }

  /// The state of every inbox, all at once.
  private func readAll(_ store: MongoStore) async throws -> [Inbox: InboxState] {
    try await withThrowingTaskGroup(of: InboxState.self) { group in
      for inbox in inboxes { group.addTask { try await store.state(of: inbox) } }
      return try await group.reduce(into: [:]) { $0[$1.inbox] = $1 }
    }
  }

  @Test func manyAtOnceSeeWhatEachSeesAlone() async throws {
    try await withStores(try await .shared(.replicaSet()), 2) { stores in
      for n in 0..<30 {
        for team in 0..<5 {
          _ = try await stores[1].append(
            draft("\(n)", sender: Text("user \(n % 9)")), to: [.team(Text("team \(team)"))])
        }
      }
      for inbox in inboxes.prefix(20) {
        _ = try await stores[1].append(draft("own"), to: [inbox.own])
        _ = try await stores[1].change(marksOf: inbox) { reader, state in
          try MarkChange(.seen, .all).apply(to: &state, reader)
        }
      }
      _ = try await stores[1].retract(MessageName(log: inboxes[0].shared, seq: 30))
      // The first read asks for the ends of the logs and for what was sent below the newest; later reads know
      // that.
      for _ in 0..<3 {
        let together = try await readAll(stores[0])
        for inbox in inboxes {
          let alone = try await stores[0].session { session in
            try MongoReader(Source(session, Past(0), ServerClock(), hasSnapshots: true), newest: 1)
              .state(of: inbox)
          }
          #expect(together[inbox] == alone)
        }
        _ = try await stores[1].append(draft("more", sender: "user 1"), to: [inboxes[9].shared])
      }
    }
  }

  /// There are always reads, and one thread for all calls.
  @Test func aWriteGetsItsTurnBetweenReads() async throws {
    try await withStores(
      try await .shared(.replicaSet()), options: "waitQueueTimeoutMS=60000&maxPoolSize=1"
    ) { stores in
      let store = stores[0]
      _ = try await store.append(draft("first"), to: [team])
      _ = try await store.state()
      let readers = (0..<100).map { _ in
        Task {
          while !Task.isCancelled { _ = try await store.state() }
        }
      }
      for n in 1...5 { _ = try await store.append(draft("\(n)"), to: [team]) }
      for reader in readers { reader.cancel() }
      // The last read of each reader was cancelled.
      for reader in readers {
        if case .failure(let error) = await reader.result { #expect(error is CancellationError) }
      }
      #expect(try await store.state().shared.head == 6)
    }
  }

  @Test func deepPagesComeTogetherToo() async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      let store = stores[0]
      for n in 1...60 { _ = try await store.append(draft("\(n)"), to: [team]) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for first in 1...50 {
          group.addTask {
            let found = try await store.read { reader in
              _ = try reader.state(of: bob)
              return try reader.messages(in: team, SequenceSet(numbers: [first, first + 2, first + 9, 60]))
            }
            #expect(found.map(\.seq) == [first, first + 2, first + 9, 60])
            #expect(found.allSatisfy { $0.body.content == "\($0.seq)" })
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func aLogThatGrewMuchSinceTheLastLook() async throws {
    try await withStores(try await .shared(.replicaSet()), 2) { stores in
      for n in 1...3 { _ = try await stores[0].append(draft("\(n)"), to: [team]) }
      #expect(try await stores[0].state().shared.head == 3)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for n in 0..<1200 { group.addTask { _ = try await stores[1].append(draft("\(n)"), to: [team]) } }
        try await group.waitForAll()
      }
      for _ in 0..<3 { #expect(try await stores[0].state().shared.head == 1203) }
    }
  }

  /// This happens after restoring a backup, or removing a database.
  @Test func aLogThatIsShorterThanItWas() async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      for n in 1...40 { _ = try await stores[0].append(draft("\(n)"), to: [team]) }
      #expect(try await stores[0].state().shared.head == 40)
      try await stores[0].session { session in
        try session.deleteMany(Collection.messages.rawValue, filter: ["seq": ["$gt": 5]])
      }
      for _ in 0..<3 { #expect(try await stores[0].state().shared.head == 5) }
    }
  }

  /// The only thread is busy until the cancelled read has ended: a read that waited for its answer would never
  /// end.
  @Test func oneThatIsCancelledWaitsForNoAnswer() async throws {
    try await withStores(
      try await .shared(.replicaSet()), options: "waitQueueTimeoutMS=60000&maxPoolSize=1"
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
      let reading = Task { try await store.state() }
      reading.cancel()
      await #expect(throws: CancellationError.self) { try await reading.value }
      gate.signal()
      try await busy
      #expect(try await store.state().shared.head == 0)
    }
  }
}

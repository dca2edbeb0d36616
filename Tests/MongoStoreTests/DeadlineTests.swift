import Inbox
import MongoSupport
import Runtime
import Testing

@testable import MongoStore

/// The case of a caller that stops waiting.
struct DeadlineTests {
  @Test(arguments: topologies) func aReadEndsWithItsDeadline(_ topology: TestMongod.Topology) async throws {
    try await withStores(try await .shared(topology)) { stores in
      _ = try await stores[0].append(draft("first"), to: [team])
      // Asks for ever, for another inbox each time, since a view keeps what it has read: only the deadline
      // ends it.
      await #expect(throws: CancellationError.self) {
        try await stores[0].read(before: .now + .milliseconds(300)) { reader in
          for n in 0... { _ = try reader.state(of: Inbox(user: Text("u\(n)"), team: "t")) }
        }
      }
      // The next call on the same thread has no deadline.
      #expect(try await stores[0].messages().count == 1)
    }
  }

  /// The first read after an election waits for a write, and a backup may lock writes out.
  @Test func aReadThatFindsWritesLockedOutEndsWithItsDeadline() async throws {
    let mongod = try await TestMongod.start(.replicaSet())
    try await withStores(mongod, 2) { stores in
      _ = try await stores[0].append(draft("first"), to: [team])
      try await mongod.command(["fsync": 1, "lock": true])
      await #expect(throws: CancellationError.self) {
        try await stores[1].read(before: .now + .milliseconds(500)) { _ = try $0.state(of: bob) }
      }
      // A store that knows the primary continues to read.
      #expect(try await stores[0].messages().count == 1)
      try await mongod.command(["fsyncUnlock": 1])
      #expect(try await stores[1].messages().count == 1)
    }
    await mongod.stop()
  }

  @Test func aDeadlineThatIsFarOffChangesNothing() async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      _ = try await stores[0].append(draft("first"), to: [team])
      let state = try await stores[0].read(before: .now + .seconds(600)) { try $0.state(of: bob) }
      #expect(state.shared.head == 1)
    }
  }
}

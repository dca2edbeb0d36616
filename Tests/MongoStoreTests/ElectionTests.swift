import Inbox
import Mongo
import MongoSupport
import Testing

@testable import MongoStore

/// Reads right after an election.
@Suite(.serialized)
struct ElectionTests {
  /// A new primary does not know at once which writes a majority has. The failpoint makes that moment last.
  @Test func aNewPrimaryIsReadOnlyOnceItKnowsWhatWasAcknowledged() async throws {
    let mongod = try await TestMongod.start(.replicaSet(members: 3))
    try await withStores(
      mongod, 2, options: "serverSelectionTimeoutMS=5000&socketTimeoutMS=5000&heartbeatFrequencyMS=500"
    ) { stores in
      _ = try await persistently { try await stores[0].append(draft("before", key: "before"), to: [team]) }
      #expect(try await persistently { try await stores[1].messages() }.count == 1)
      let old = try await mongod.primary()
      let others = (0..<3).filter { $0 != old }
      let database = try await stores[0].session { $0.database }
      for member in others {
        // A majority read waits for a snapshot that has the collection: one that lags has to have come so far.
        try await persistently {
          let seen = try await mongod.command(
            member: member, database: database,
            [
              "find": "tidings_messages", "filter": ["seq": 1], "limit": 1,
              "readConcern": ["level": "majority"],
            ])
          if try seen.get("cursor").document().get("firstBatch").array().documents().isEmpty {
            throw StoreError.unavailable("not there yet")
          }
        }
        try await mongod.command(
          member: member, ["configureFailPoint": "disableSnapshotting", "mode": "alwaysOn"])
      }
      for n in 1...20 {
        let receipts = try await persistently {
          try await stores[0].append(draft("\(n)", key: Text("\(n)")), to: [team])
        }
        let name = MessageName(log: team, seq: receipts[0].seq)
        try await persistently {
          try await stores[0].change(marksOf: bob) { reader, state in
            _ = try MarkChange(.read, .messages([name])).apply(to: &state, reader)
          }
        }
      }
      await mongod.kill(member: old)
      try await mongod.waitForPrimary()
      let new = try await mongod.primary()
      // The result of a majority read at that moment, so that this test can fail.
      let stale = try await mongod.command(
        member: new, database: database,
        [
          "find": "tidings_messages", "filter": ["seq": 21], "limit": 1, "readConcern": ["level": "majority"],
        ])
      #expect(try stale.get("cursor").document().get("firstBatch").array().documents().isEmpty)

      // The store that wrote, and another one: nothing is told as long as that is so.
      try await withThrowingTaskGroup(of: Void.self) { group in
        for store in stores {
          group.addTask {
            await #expect {
              try await store.messages()
            } throws: { error in
              if case .unavailable = error as? StoreError { true } else { false }
            }
          }
        }
        try await group.waitForAll()
      }
      for member in others {
        try await mongod.command(
          member: member, ["configureFailPoint": "disableSnapshotting", "mode": "off"])
      }
      for store in stores {
        let state = try await persistently { try await store.state() }
        #expect(state.shared.head == 21)
        #expect(state.marks.shared.read.contains(21))
        #expect(try await persistently { try await store.messages() }.count == 21)
      }
    }
    await mongod.stop()
  }
}

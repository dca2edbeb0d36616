import Inbox
import Mongo
import MongoSupport
import Testing

@testable import MongoStore

/// Restoring through faults of the server and beside hosts: every message once, at its number.
@Suite(.serialized)
struct RestoreFaultTests {
  private static func entries(_ range: ClosedRange<Int>) -> [LogEntry] {
    range.map { seq in
      LogEntry(
        Message(seq: seq, time: Timestamp(seq), token: UInt64(seq), body: draft("\(seq)").body),
        isRetracted: seq % 7 == 0, key: seq % 2 == 0 ? Text("\(seq)") : nil,
        digest: seq % 2 == 0 ? MessageJudge.digest : [])
    }
  }

  @Test(arguments: topologies)
  func whatIsRestoredIsThereOnce(_ topology: TestMongod.Topology) async throws {
    let mongod = try await TestMongod.start(topology)
    try await withStores(mongod, options: "serverSelectionTimeoutMS=5000&socketTimeoutMS=3000") { stores in
      let failures: [BSONDocument] = [
        ["failCommands": ["insert"], "closeConnection": true],
        ["failCommands": ["update"], "closeConnection": true],
        [
          "failCommands": ["insert", "update"],
          "writeConcernError": ["code": 64, "errmsg": "waiting for replication timed out"],
        ],
        ["failCommands": ["insert", "find", "aggregate", "listIndexes"], "closeConnection": true],
      ]
      var marks = Marks()
      marks.version = 3
      for round in 0..<12 {
        try await mongod.command([
          "configureFailPoint": "failCommand", "mode": ["times": .int64(Int64(1 + round % 3))],
          "data": .document(failures[round % failures.count]),
        ])
        let batch = Self.entries((round * 40 + 1)...(round * 40 + 40))
        let inbox = Inbox(user: Text("u\(round)"), team: "t")
        _ = try await persistently {
          try await stores[0].restore([
            .entries(team, batch), .entries(inbox.own, Self.entries(1...5)),
            .marks(inbox, marks),
          ])
        }
      }
      try await mongod.command(["configureFailPoint": "failCommand", "mode": "off"])
      let found = try await stores[0].read { try $0.entries(in: team, from: 1, limit: 1000) }
      #expect(found == Self.entries(1...480))
      #expect(found.map(\.message.token) == (1...480).map { UInt64($0) })
      for round in 0..<12 {
        let inbox = Inbox(user: Text("u\(round)"), team: "t")
        #expect(try await stores[0].state(of: inbox).marks.version == 3)
        #expect(try await stores[0].read { try $0.logs([inbox.own])[0].head } == 5)
      }
    }
    await mongod.stop()
  }
}

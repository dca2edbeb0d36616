import Foundation
import Inbox
import Mongo
import MongoSupport
import Synchronization
import Testing

@testable import MongoStore

/// Servers that fail under a running load. What was acknowledged is there once, and nothing else is lost or
/// doubled.
@Suite(.serialized)
struct FaultTests {
  private final class Progress: Sendable {
    let next = Atomic(1)
    let marked = Mutex<Set<Int>>([])
  }

  /// Sends with keys, marks and reads, all repeated until they are acknowledged, while `fault` happens.
  private func load(
    _ mongod: TestMongod, stores count: Int, messages: Int,
    _ fault: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withStores(
      mongod, count, options: "serverSelectionTimeoutMS=5000&socketTimeoutMS=3000&heartbeatFrequencyMS=500"
    ) { stores in
      _ = try await persistently { try await stores[0].append(draft("0", key: "0"), to: [team]) }
      let progress = Progress()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await fault() }
        for worker in 0..<16 {
          group.addTask {
            let store = stores[worker % stores.count]
            while true {
              let n = progress.next.wrappingAdd(1, ordering: .relaxed).oldValue
              guard n < messages else { return }
              let receipt = try await persistently {
                try await store.append(draft("\(n)", key: Text("\(n)")), to: [team])
              }[0]
              let name = MessageName(log: team, seq: receipt.seq)
              _ = try await persistently {
                try await store.change(marksOf: bob) { reader, state in
                  try MarkChange(.read, .messages([name])).apply(to: &state, reader)
                }
              }
              _ = progress.marked.withLock { $0.insert(receipt.seq) }
            }
          }
        }
        try await group.waitForAll()
      }
      let found = try await persistently { try await stores[0].messages() }
      expectWhole(found, (0..<messages).map { "\($0)" })
      let state = try await persistently { try await stores[0].state() }
      #expect(state.shared.head == messages)
      let missing = progress.marked.withLock { $0 }.filter {
        !state.marks.shared.read.contains($0)
      }
      #expect(missing.isEmpty)
      #expect(state.counts.total == messages && state.counts.unread <= 1)
    }
  }

  @Test(arguments: topologies)
  func aServerIsKilledAndStartedAgain(_ topology: TestMongod.Topology) async throws {
    let mongod = try await TestMongod.start(topology)
    try await load(mongod, stores: 2, messages: 1500) {
      for _ in 0..<3 {
        try await Task.sleep(for: .milliseconds(400))
        await mongod.kill(member: 0)
        try mongod.launch(member: 0)
      }
    }
    await mongod.stop()
  }

  @Test func writesAreNotConfirmed() async throws {
    let mongod = try await TestMongod.start(.replicaSet())
    try await load(mongod, stores: 2, messages: 1000) {
      for round in 0..<12 {
        // Done, and not confirmed; or broken off before or after.
        let failure: BSONDocument =
          round % 2 == 0
          ? [
            "failCommands": ["insert", "update"],
            "writeConcernError": ["code": 64, "errmsg": "waiting for replication timed out"],
          ]
          : ["failCommands": ["insert", "update", "aggregate", "find"], "closeConnection": true]
        try await mongod.command([
          "configureFailPoint": "failCommand", "mode": ["times": 6], "data": .document(failure),
        ])
        try await Task.sleep(for: .milliseconds(50))
      }
      try await mongod.command(["configureFailPoint": "failCommand", "mode": "off"])
    }
    await mongod.stop()
  }

  @Test func primariesComeAndGo() async throws {
    let mongod = try await TestMongod.start(.replicaSet(members: 3))
    try await load(mongod, stores: 2, messages: 3000) {
      try await mongod.waitForPrimary()
      let first = try await mongod.primary()
      // The answer to a step-down may be lost with its connection.
      _ = try await mongod.command(member: first, ["replSetStepDown": 5, "force": true])
      try await mongod.waitForPrimary()
      let second = try await mongod.primary()
      await mongod.kill(member: second)
      try await mongod.waitForPrimary()
      try mongod.launch(member: second)
      let third = try await mongod.primary()
      mongod.suspend(member: third)
      try await Task.sleep(for: .seconds(6))
      mongod.resume(member: third)
      try await mongod.waitForPrimary()
    }
    await mongod.stop()
  }
}

extension TestMongod {
  /// The member that is primary.
  fileprivate func primary() async throws -> Int {
    let pool = MongoClientPool(
      try MongoURI(uri(database: "admin", options: "serverSelectionTimeoutMS=60000")), logger: .quiet)
    let name = try await pool.run { try $0.hello().get("me").string() }
    await pool.close()
    return try #require(ports.firstIndex { name == "127.0.0.1:\($0)" })
  }
}

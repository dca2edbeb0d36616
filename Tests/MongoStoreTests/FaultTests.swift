import Foundation
import Inbox
import Locks
import Mongo
import MongoSupport
import Synchronization
import Testing

@testable import MongoStore

/// Servers that fail under load. An acknowledged message is there exactly once, and nothing else is lost or
/// duplicated.
@Suite(.serialized)
struct FaultTests {
  /// The results of the load so far.
  private final class Progress: Sendable {
    private struct State {
      /// The acknowledged messages by their numbers.
      var sent: [Int: Int] = [:]
      var unmarked: [Int] = []
      var marked: Set<Int> = []
    }

    let next = Atomic(1)
    let isOver = Atomic(false)
    private let state = Locked(State())

    var sent: [Int: Int] { state.withLock { $0.sent } }
    var marked: Set<Int> { state.withLock { $0.marked } }

    func acknowledge(_ n: Int, at seq: Int) {
      state.withLock { state in
        state.sent[seq] = n
        state.unmarked.append(seq)
      }
    }

    func takeUnmarked() -> Int? { state.withLock { $0.unmarked.popLast() } }

    func acknowledgeMark(_ seq: Int) { state.withLock { _ = $0.marked.insert(seq) } }

    /// Waits until this many more messages and marks are acknowledged: the load goes on.
    func advance(by more: Int = 100) async throws {
      let (sends, marks) = state.withLock { ($0.sent.count + more, $0.marked.count + more) }
      let end = ContinuousClock.now + .seconds(240)
      while state.withLock({ $0.sent.count < sends || $0.marked.count < marks }) {
        try #require(.now < end, "the load stands still")
        try await Task.sleep(for: .milliseconds(5))
      }
    }
  }

  /// Sends messages with keys and marks them, and repeats both until they are acknowledged, for as long as
  /// `fault` takes. Senders don't wait for marks, so that both are on their way at any moment.
  private func load(
    _ mongod: TestMongod, stores count: Int = 2,
    _ fault: @escaping @Sendable (Progress, [MongoStore]) async throws -> Void
  ) async throws {
    try await withStores(
      mongod, count, options: "serverSelectionTimeoutMS=5000&socketTimeoutMS=3000&heartbeatFrequencyMS=500"
    ) { stores in
      _ = try await persistently { try await stores[0].append(draft("0", key: "0"), to: [team]) }
      let progress = Progress()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          defer { progress.isOver.store(true, ordering: .relaxed) }
          try await progress.advance()
          try await fault(progress, stores)
          try await progress.advance()
        }
        for worker in 0..<16 {
          // With two stores, both send and mark; with four, two send and two mark.
          let (store, sends) = (stores[worker % stores.count], worker % 4 < 2)
          group.addTask {
            while !progress.isOver.load(ordering: .relaxed) {
              if sends {
                try await Self.send(store, progress)
              } else {
                try await Self.mark(store, progress)
              }
              // Some hundred a second are load enough.
              try await Task.sleep(for: .milliseconds(10))
            }
          }
        }
        try await group.waitForAll()
      }
      try await check(stores, progress)
    }
  }

  private static func send(_ store: MongoStore, _ progress: Progress) async throws {
    let n = progress.next.wrappingAdd(1, ordering: .relaxed).oldValue
    let receipts = try await persistently {
      try await store.append(draft("\(n)", key: Text("\(n)")), to: [team])
    }
    progress.acknowledge(n, at: receipts[0].seq)
  }

  private static func mark(_ store: MongoStore, _ progress: Progress) async throws {
    guard let seq = progress.takeUnmarked() else { return }
    _ = try await persistently {
      try await store.change(marksOf: bob) { reader, state in
        try MarkChange(.read, .messages([MessageName(log: team, seq: seq)])).apply(to: &state, reader)
      }
    }
    progress.acknowledgeMark(seq)
  }

  private func check(_ stores: [MongoStore], _ progress: Progress) async throws {
    let count = progress.next.load(ordering: .relaxed)
    for store in stores {
      let found = try await persistently { try await store.messages() }
      expectWhole(found, (0..<count).map { "\($0)" })
      // Each number holds the message that was acknowledged under it: none was given twice.
      let sent = progress.sent
      #expect(found.allSatisfy { $0.seq == 1 || $0.body.content == sent[$0.seq].map { "\($0)" } })
      let state = try await persistently { try await store.state() }
      #expect(state.shared.head == count)
      let marked = progress.marked
      #expect(marked.allSatisfy { state.marks.shared.read.contains($0) })
      #expect(state.counts.total == count && state.counts.unread == count - marked.count)
    }
  }

  @Test(arguments: topologies)
  func aServerIsKilledAndStartedAgain(_ topology: TestMongod.Topology) async throws {
    let mongod = try await TestMongod.start(topology)
    try await load(mongod) { progress, _ in
      for _ in 0..<3 {
        await mongod.kill(member: 0)
        try mongod.launch(member: 0)
        try await progress.advance()
      }
    }
    await mongod.stop()
  }

  @Test func writesAreNotConfirmed() async throws {
    let mongod = try await TestMongod.start(.replicaSet())
    try await load(mongod) { progress, _ in
      for round in 0..<12 {
        // Done and not confirmed, or interrupted before or after.
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
        try await progress.advance(by: 20)
      }
      try await mongod.command(["configureFailPoint": "failCommand", "mode": "off"])
    }
    await mongod.stop()
  }

  @Test func primariesComeAndGo() async throws {
    let mongod = try await TestMongod.start(.replicaSet(members: 3))
    try await load(mongod) { progress, _ in
      let first = try await mongod.primary()
      // The answer to a step-down may be lost with its connection.
      _ = try await mongod.command(member: first, ["replSetStepDown": 5, "force": true])
      try await progress.advance()
      let second = try await mongod.primary()
      await mongod.kill(member: second)
      try await progress.advance()
      try mongod.launch(member: second)
      let third = try await mongod.primary()
      mongod.suspend(member: third)
      // Another one takes over: more is acknowledged than was on its way.
      try await progress.advance()
      mongod.resume(member: third)
      try await progress.advance()
    }
    await mongod.stop()
  }

  @Test func allServersAreRestarted() async throws {
    let mongod = try await TestMongod.start(.replicaSet(members: 3))
    try await load(mongod) { progress, _ in
      for member in 0..<3 { await mongod.kill(member: member) }
      for member in 0..<3 { try mongod.launch(member: member) }
      try await progress.advance()
    }
    await mongod.stop()
  }

  @Test func whatTheOldPrimaryAloneHasSeenIsRolledBack() async throws {
    let mongod = try await TestMongod.start(.replicaSet(members: 3))
    // One store keeps appends back while marks that read the same log are on their way.
    try await load(mongod, stores: 4) { progress, stores in
      let database = try await stores[0].session { $0.database }
      let old = try await mongod.primary()
      let others = (0..<3).filter { $0 != old }
      // These members fetch nothing more. Frozen ones would still find in their sockets what was sent
      // meanwhile.
      for member in others {
        try await mongod.command(
          member: member, ["configureFailPoint": "stopReplProducer", "mode": "alwaysOn"])
      }
      // Waits until the member has both messages and marks that no other member has.
      let end = ContinuousClock.now + .seconds(240)
      while true {
        let ahead = try await Self.ahead(mongod, old, database)
        if ahead.allSatisfy({ $0 > 0 }) { break }
        try #require(.now < end, "the old primary alone has so many messages and changes of marks: \(ahead)")
      }
      await mongod.kill(member: old)
      for member in others {
        try await mongod.command(member: member, ["configureFailPoint": "stopReplProducer", "mode": "off"])
      }
      try await progress.advance()
      try mongod.launch(member: old)
      while mongod.rolledBackFiles(member: old) == 0 {
        try #require(.now < end + .seconds(240), "nothing was rolled back")
        try await Task.sleep(for: .milliseconds(50))
      }
      try await progress.advance()
    }
    await mongod.stop()
  }

  /// The number of messages and changes of marks that a member has and no majority has.
  private static func ahead(
    _ mongod: TestMongod, _ member: Int, _ database: String
  ) async throws -> [Int64] {
    func highest(_ field: String, _ collection: String, _ concern: String) async throws -> Int64 {
      let reply = try await mongod.command(
        member: member, database: database,
        [
          "find": .string(collection), "sort": .document([field: -1]), "limit": 1,
          "readConcern": ["level": .string(concern)],
        ])
      let found = try reply.get("cursor").document().get("firstBatch").array().documents()
      return try found.first?.get(field).int64() ?? 0
    }
    var result: [Int64] = []
    for (field, collection) in [("seq", "tidings_messages"), ("version", "tidings_marks")] {
      let lasting = try await highest(field, collection, "majority")
      result.append(try await highest(field, collection, "local") - lasting)
    }
    return result
  }
}

import Foundation
import Inbox
import Testing

@testable import SQLiteStore

/// Faults that are planted in a sound file: each is found and named, and a repair leaves a file that is whole.
struct VerifyTests {
  /// Team t with ten messages, of which the fourth is retracted and every third has a key; bob's own log in it with three;
  /// announcements; the marks of bob, ann and an account.
  static func make(_ path: String) async throws {
    let store = try SQLiteStore(path: path)
    for n in 1...10 { _ = try await store.append(draft("\(n)", key: n % 3 == 0 ? Text("key \(n)") : nil)) }
    for n in 1...3 { _ = try await store.append(draft("own \(n)"), to: bob.own) }
    for n in 1...2 { _ = try await store.append(draft("news \(n)"), to: .everyone) }
    _ = try await store.retract(MessageName(log: team, seq: 4))
    _ = try await store.mark(.read)
    try await store.change(marksOf: Inbox(user: "ann", team: "t")) { _, state in state.leave() }
    _ = try await store.mark(.seen, Inbox(user: "bob"))
    try await store.close()
  }

  private static let contents = 14
  @Test func thirtyKindsArePlanted() {
    let planted = Set(Self.mendable.map(\.kind) + Self.lasting.map(\.kind))
    #expect(planted.count >= 30)
    // These occur in MongoDB only.
    let others: Set<FaultKind> = [.retractionLost, .recordVersion, .recordStray, .numberTwice, .unknownField]
    #expect(planted.union(others) == Set(FaultKind.allCases))
  }

  @Test func aSoundFileHasNoFaults() async throws {
    try await Self.onFile(after: "") { store in
      let verdict = try await store.verify(Verification(.test))
      #expect(verdict.faults.isEmpty && verdict.isComplete)
      #expect(
        [verdict.logs, verdict.messages, verdict.inboxes, verdict.recounted] == [3, 15, 3, 3] as [Int])
    }
  }

  @Test(arguments: mendable)
  func aPlantedFaultIsNamedAndMended(_ plant: Plant) async throws {
    try await Self.onFile(after: plant.sql) { store in
      let found = try await store.verify()
      #expect(found.counts[plant.kind] != nil, "found: \(found.counts)")
      // The doctor tells the same.
      let problems = try await store.report(.test).problems
      #expect(!problems.isEmpty)
      let mended = try await store.verify(repairs: true)
      // Counts are right once the index is.
      let open = mended.kinds.filter { $0 != FaultKind.counts && !mended[$0].allSatisfy(\.isMended) }
      #expect(open.isEmpty, "\(open.map { mended[$0] })")
      let left = try await store.verify()
      #expect(left.isEmpty, "left: \(left.kinds.map { ($0, left[$0]) })")
      // Of a number far away not as many empty messages are made.
      let whole = try await store.verify(Verification(.test))
      #expect(whole.messages < 25 && whole.logs <= 4)
      try await Self.expectWorking(store, contents: Self.contents - plant.lost)
    }
  }

  /// Every message that the plant left is there, and everything works.
  private static func expectWorking(_ store: SQLiteStore, contents: Int) async throws {
    let found = try await store.read { reader in
      try reader.logs(after: nil, limit: 100).flatMap { try reader.entries(in: $0, from: 1, limit: 20_000) }
        .count { $0.message.body.content != nil }
    }
    #expect(found == contents)
    let sent = try await store.append(draft("later", key: "later"))
    #expect(try await store.append(draft("later", key: "later")).seq == sent.seq)
    _ = try await store.append(draft("first"), to: .team("new"))
    for inbox in [bob, Inbox(user: "ann", team: "t"), Inbox(user: "bob")] {
      let page = try await store.read { try PageQuery(inbox: inbox).page($0) }
      #expect(page.total == page.state.counts.total)
      _ = try await store.mark(.read, inbox)
    }
    #expect(try await store.retract(MessageName(log: team, seq: sent.seq)))
    #expect(try await store.verify().isEmpty)
    #expect(try await store.report(.test).problems == [])
  }

  @Test(arguments: lasting)
  func whatCantBeMendedIsSaid(_ plant: Plant) async throws {
    try await Self.onFile(after: plant.sql, damaging: plant.kind == .file) { store in
      #expect(try await store.verify().counts[plant.kind] != nil)
      let mended = try await store.verify(repairs: true)
      #expect(!mended[plant.kind].isEmpty && mended[plant.kind].allSatisfy { !$0.isMended })
      #expect(try await store.verify().counts[plant.kind] != nil)
    }
  }

  @Test func everyPlaceIsCountedAndSomeAreNamed() async throws {
    try await Self.onFile(after: "UPDATE message SET token = 'none'") { store in
      let verdict = try await store.verify(Verification(.test, named: 4))
      #expect(verdict.faults.counts == [.token: 15])
      #expect(verdict.faults[.token].count == 4)
    }
  }

  @Test func manyFaultsAtOnce() async throws {
    let all = Self.mendable.filter { ![.counts, .indexContent, .logName, .keyTwice].contains($0.kind) }
    // Later plants meet what earlier ones did: those that no longer can be planted are left out.
    try await Self.onFile(after: "") { store in
      for plant in all {
        do { try TestDatabase.execute("\(store.file.canonicalPath)", plant.sql) } catch is TestDatabase
          .Failure
        { continue }
      }
      _ = try await store.verify(repairs: true)
      _ = try await store.verify(repairs: true)
      let left = try await store.verify()
      #expect(left.isEmpty, "left: \(left.kinds.map { ($0, left[$0]) })")
    }
  }

  /// A log of several pages, with faults where one ends and the next begins.
  @Test func faultsBetweenPages() async throws {
    let sql = """
      WITH RECURSIVE n (i) AS (SELECT 11 UNION ALL SELECT i + 1 FROM n WHERE i < 3200)
        INSERT INTO message (position, time, token, message_type, content)
        SELECT (1 << 32) + i, (SELECT time FROM log WHERE id = 1) + i, i, x'61', x'62' FROM n;
      UPDATE log SET head = 3200, time = (SELECT time FROM message WHERE position = (1 << 32) + 3200) WHERE id = 1;
      UPDATE message SET time = 253402300799999 WHERE position IN ((1 << 32) + 1000, (1 << 32) + 3199);
      UPDATE message SET time = 0 WHERE position = (1 << 32) + 2001;
      DELETE FROM message WHERE position BETWEEN (1 << 32) + 1500 AND (1 << 32) + 2000;
      """
    try await Self.onFile(after: sql) { store in
      for repairs in [false, true] {
        // While messages are missing, bob's inbox counts more than there are.
        let counts: [FaultKind: Int] = repairs ? [:] : [.counts: 1]
        let found = try await store.verify(repairs: repairs)
        #expect(
          found.counts == counts.merging([.timeOrder: 3, .hole: 501]) { first, _ in first },
          "\(found[.counts])")
      }
      let verdict = try await store.verify(Verification(.test))
      #expect(verdict.faults.isEmpty && verdict.messages == 3205)
    }
  }

  /// A hole larger than all that is left of a log: what lies behind it moves up, all of it, and to no other log.
  @Test func whatLiesBehindAHugeHoleMovesUp() async throws {
    let sql = """
      WITH RECURSIVE n (i) AS (SELECT 800001 UNION ALL SELECT i + 1 FROM n WHERE i < 802500)
        INSERT INTO message (position, time, token, message_type, content)
        SELECT (1 << 32) + i, (SELECT time FROM log WHERE id = 1) + i, i, x'61', x'62' FROM n;
      UPDATE log SET head = 802500, token = 802500,
        time = (SELECT time FROM message WHERE position = (1 << 32) + 802500) WHERE id = 1;
      """
    try await Self.onFile(after: sql) { store in
      #expect(try await store.verify().counts == [.number: 2500, .head: 1, .counts: 1])
      #expect(try await store.verify(repairs: true).counts == [.number: 2500])
      let verdict = try await store.verify(Verification(.test))
      #expect(verdict.faults.isEmpty && verdict.messages == 2515 && verdict.logs == 3, "\(verdict)")
    }
  }

  @Test func hostsGoOnWhileAllIsVerifiedAndRepaired() async throws {
    try await Self.onFile(after: "DELETE FROM message WHERE position BETWEEN (1 << 32) + 5 AND (1 << 32) + 7")
    { store in
      let path = store.file.canonicalPath
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<2 {
          group.addTask {
            let host = try SQLiteStore(path: path)
            for n in 0..<60 {
              let sent = try await host.append(draft("\(index) \(n)"))
              if n % 3 == 0 { _ = try await host.retract(MessageName(log: team, seq: sent.seq)) }
              _ = try await host.mark(.seen)
            }
            try await host.close()
          }
        }
        for _ in 0..<5 { _ = try await store.verify(repairs: true) }
        try await group.waitForAll()
      }
      let verdict = try await store.verify(Verification(.test))
      #expect(verdict.faults.isEmpty, "\(verdict.faults)")
      #expect(verdict.messages == 135)
    }
  }

  /// Runs `body` on a store whose file was changed while nobody had it open.
  static func onFile(
    after sql: String, damaging: Bool = false, _ body: (SQLiteStore) async throws -> Void
  ) async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    try await make(path)
    try TestDatabase.execute(path, sql)
    if damaging {
      var bytes = try Data(contentsOf: URL(filePath: path))
      for index in 4096..<bytes.count where index % 4096 < 200 { bytes[index] = 0x5A }
      try ScratchFolder.write(bytes, path)
    }
    let store = try SQLiteStore(path: path)
    let result: Result<Void, any Error>
    do { result = .success(try await body(store)) } catch { result = .failure(error) }
    try await store.close()
    try result.get()
  }
}

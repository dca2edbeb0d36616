import Foundation
import Testing

@testable import Inbox
@testable import SQLiteStore

/// Faults that are planted in a sound file: each is found and named, and a repair leaves a file that is whole.
struct VerifyTests {
  /// A fault, and the statements that plant it.
  struct Plant: CustomTestStringConvertible, Sendable {
    var kind: FaultKind
    var sql: String
    /// The number of messages whose contents the plant itself destroys.
    var lost = 0
    var testDescription: String { "\(kind.rawValue): \(sql.prefix(60))" }
  }

  /// Team t with ten messages, of which the fourth is retracted and every third has a key; bob's own log in it with three;
  /// announcements; the marks of bob, ann and an account.
  private static func make(_ path: String) async throws {
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
  private static let seventh = "position = (1 << 32) + 7"
  private static let bobsMarks = "inbox = \(sql(bob.own.encoded))"

  private static func sql(_ bytes: [UInt8]) -> String {
    "x'" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "'"
  }

  private static func record(_ change: (inout LogRecord) -> Void) -> String {
    var record = LogRecord()
    _ = record.retract(4)
    change(&record)
    return "UPDATE log SET record = \(sql(record.encoded)) WHERE id = 1"
  }

  private static func marks(_ change: (inout Marks) -> Void) -> String {
    var marks = Marks()
    change(&marks)
    return "UPDATE marks SET body = \(sql(marks.encoded)) WHERE \(bobsMarks)"
  }

  private static func newer(_ bytes: [UInt8]) -> [UInt8] {
    [bytes[0], bytes[1] + 1] + bytes[2...] + [200, 1, 7]
  }

  static let mendable: [Plant] = [
    Plant(kind: .hole, sql: "DELETE FROM message WHERE \(seventh)", lost: 1),
    Plant(kind: .hole, sql: "DELETE FROM message WHERE position < (1 << 32) + 4", lost: 3),
    Plant(
      kind: .hole, sql: "DELETE FROM message WHERE position BETWEEN (1 << 32) + 9 AND (1 << 32) + 99", lost: 2
    ),
    Plant(kind: .hole, sql: "DELETE FROM message WHERE position >> 32 = 2", lost: 3),
    Plant(kind: .hole, sql: "UPDATE message SET position = (1 << 32) + 9000 WHERE position = (1 << 32) + 10"),
    Plant(kind: .head, sql: "UPDATE log SET head = 6 WHERE id = 1"),
    Plant(kind: .head, sql: "UPDATE log SET head = x'01' WHERE id = 1"),
    Plant(kind: .head, sql: "UPDATE log SET head = -5 WHERE id = 1"),
    Plant(kind: .head, sql: "UPDATE log SET head = 4000000000 WHERE id = 1"),
    Plant(kind: .headTime, sql: "UPDATE log SET time = 5 WHERE id = 1"),
    Plant(kind: .headTime, sql: "UPDATE log SET time = x'00' WHERE id = 1"),
    Plant(kind: .logName, sql: "UPDATE log SET name = x'09' WHERE id = 1"),
    Plant(kind: .logName, sql: "UPDATE log SET name = 'text' WHERE id = 2"),
    Plant(kind: .logID, sql: "INSERT INTO log VALUES (5000000000, x'010178', 0, 0, NULL)"),
    Plant(kind: .orphan, sql: "DELETE FROM log WHERE id = 2"),
    Plant(
      kind: .orphan,
      sql: "INSERT INTO message (position, time, token, message_type) VALUES ((99 << 32) + 3, 0, 0, x'61')"),
    Plant(
      kind: .orphan,
      sql: "INSERT INTO message (position, time, token, message_type) VALUES (-(1 << 40) + 3, 0, 0, x'61')"),
    Plant(kind: .record, sql: "UPDATE log SET record = x'00' WHERE id = 1"),
    Plant(kind: .record, sql: "UPDATE log SET record = 'text' WHERE id = 3"),
    Plant(kind: .recordRange, sql: record { _ = $0.retract(99) }),
    Plant(kind: .recordRange, sql: record { $0.tail = 50 }),
    Plant(kind: .retractionOrder, sql: record { $0.retracted.insert(5) }, lost: 1),
    Plant(kind: .number, sql: "UPDATE message SET position = 1 << 32 WHERE position = (1 << 32) + 10"),
    Plant(kind: .time, sql: "UPDATE message SET time = x'00' WHERE \(seventh)"),
    Plant(kind: .time, sql: "UPDATE message SET time = 1 << 60 WHERE \(seventh)"),
    Plant(kind: .timeOrder, sql: "UPDATE message SET time = 0 WHERE \(seventh)"),
    Plant(kind: .timeOrder, sql: "UPDATE message SET time = 253402300799999 WHERE \(seventh)"),
    Plant(kind: .token, sql: "UPDATE message SET token = 'none' WHERE \(seventh)"),
    Plant(kind: .type, sql: "UPDATE message SET message_type = 5 WHERE \(seventh)"),
    Plant(kind: .text, sql: "UPDATE message SET content = x'61ff' WHERE \(seventh)"),
    Plant(kind: .text, sql: "UPDATE message SET username = 5 WHERE \(seventh)"),
    Plant(kind: .identifier, sql: "UPDATE message SET user_id = x'' WHERE \(seventh)"),
    Plant(kind: .identifier, sql: "UPDATE message SET receiver_id = zeroblob(200) WHERE \(seventh)"),
    Plant(kind: .identifier, sql: "UPDATE message SET message_type = x'' WHERE \(seventh)"),
    Plant(kind: .length, sql: "UPDATE message SET content = zeroblob(70000) WHERE \(seventh)"),
    Plant(kind: .data, sql: "UPDATE message SET data = x'7b' WHERE \(seventh)"),
    Plant(kind: .retractedBody, sql: "UPDATE message SET content = x'61' WHERE position = (1 << 32) + 4"),
    Plant(kind: .key, sql: "UPDATE message SET key = x'' WHERE position = (1 << 32) + 6"),
    Plant(kind: .key, sql: "UPDATE message SET key = x'ff' WHERE position = (1 << 32) + 6"),
    Plant(
      kind: .keyTwice,
      sql:
        "DROP INDEX message_key; UPDATE message SET key = x'61' WHERE position IN ((1 << 32) + 3, (1 << 32) + 6)"
    ),
    Plant(kind: .digest, sql: "UPDATE message SET digest = randomblob(32) WHERE position = (1 << 32) + 6"),
    Plant(kind: .digestLength, sql: "UPDATE message SET digest = x'01' WHERE position = (1 << 32) + 6"),
    Plant(kind: .digestLength, sql: "UPDATE message SET digest = NULL WHERE position = (1 << 32) + 6"),
    Plant(kind: .digestStray, sql: "UPDATE message SET digest = randomblob(32) WHERE \(seventh)"),
    Plant(kind: .marks, sql: "UPDATE marks SET body = x'ff' WHERE \(bobsMarks)"),
    Plant(kind: .marks, sql: "UPDATE marks SET body = 5 WHERE \(bobsMarks)"),
    Plant(kind: .marksName, sql: "UPDATE marks SET inbox = x'09' WHERE \(bobsMarks)"),
    Plant(kind: .marksName, sql: "UPDATE marks SET inbox = 'text' WHERE \(bobsMarks)"),
    Plant(kind: .marksVersion, sql: "UPDATE marks SET version = -1 WHERE \(bobsMarks)"),
    Plant(kind: .marksStamp, sql: "UPDATE marks SET stamp = 'none' WHERE \(bobsMarks)"),
    Plant(kind: .marksRange, sql: marks { $0.shared.read = SequenceSet(1, through: 99) }),
    Plant(kind: .marksRange, sql: marks { $0.own.folded = 4 }),
    Plant(
      kind: .marksRange,
      sql: marks { $0.membership = Membership(standing: .member, closed: SequenceSet(), since: 90) }),
    Plant(kind: .index, sql: "DROP INDEX message_sender"),
    Plant(kind: .index, sql: "DROP INDEX message_key"),
    Plant(kind: .index, sql: "DROP INDEX log_order"),
    Plant(kind: .stranger, sql: "CREATE TRIGGER t AFTER INSERT ON message BEGIN DELETE FROM marks; END"),
    Plant(kind: .stranger, sql: "CREATE UNIQUE INDEX \"an \"\" index\" ON message (time, position)"),
    Plant(kind: .indexContent, sql: senderIndexOfNames), Plant(kind: .counts, sql: senderIndexOfNames),
  ]

  /// An index that says of itself what it should, and holds something else.
  private static let senderIndexOfNames =
    """
    DROP INDEX message_sender;
    CREATE INDEX message_sender ON message (username) WHERE user_id IS NOT NULL;
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = 'CREATE INDEX message_sender ON message (user_id) WHERE user_id IS NOT NULL'
      WHERE name = 'message_sender';
    """

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
      #expect([verdict.logs, verdict.messages, verdict.inboxes, verdict.recounted] == [3, 15, 3, 3] as [Int])
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
      #expect(open.isEmpty)
      let left = try await store.verify()
      #expect(left.isEmpty, "left: \(left.kinds.map { ($0, left[$0]) })")
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
    for inbox in [bob, Inbox(user: "ann", team: "t"), Inbox(user: "bob")] {
      let page = try await store.read { try PageQuery(inbox: inbox).page($0) }
      #expect(page.total == page.state.counts.total)
      _ = try await store.mark(.read, inbox)
    }
    #expect(try await store.retract(MessageName(log: team, seq: sent.seq)))
    #expect(try await store.verify().isEmpty)
    #expect(try await store.report(.test).problems == [])
  }

  static let lasting = [
    Plant(kind: .newer, sql: "UPDATE marks SET body = \(sql(newer(Marks().encoded))) WHERE \(bobsMarks)"),
    Plant(kind: .newer, sql: "UPDATE log SET record = \(sql(newer(LogRecord().encoded))) WHERE id = 1"),
    Plant(kind: .table, sql: "ALTER TABLE message ADD COLUMN colour"),
    Plant(kind: .table, sql: "DROP TABLE marks"),
    Plant(kind: .file, sql: ""),
  ]

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

  /// Runs `body` on a store whose file was changed while nobody had it open.
  private static func onFile(
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

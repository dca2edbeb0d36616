import Testing

@testable import Inbox
@testable import SQLiteStore

// What is planted in the file that `VerifyTests` makes.
extension VerifyTests {
  /// A fault, and the statements that plant it.
  struct Plant: CustomTestStringConvertible, Sendable {
    var kind: FaultKind
    var sql: String
    /// The number of messages whose contents the plant itself destroys.
    var lost = 0
    var testDescription: String { "\(kind.rawValue): \(sql.prefix(60))" }
  }

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
    Plant(kind: .headToken, sql: "UPDATE log SET token = token + 1 WHERE id = 1"),
    Plant(kind: .headToken, sql: "UPDATE log SET token = 'x' WHERE id = 1"),
    Plant(kind: .headToken, sql: "UPDATE log SET stamp = x'00' WHERE id = 1"),
    Plant(kind: .logName, sql: "UPDATE log SET name = x'09' WHERE id = 1"),
    Plant(kind: .logName, sql: "UPDATE log SET name = 'text' WHERE id = 2"),
    Plant(kind: .recordStray, sql: "INSERT INTO log VALUES (900, x'0103414243', 0, 0, 0, 0, NULL)"),
    Plant(kind: .logID, sql: "INSERT INTO log VALUES (5000000000, x'010178', 0, 0, 0, 0, NULL)"),
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
    Plant(kind: .orphan, sql: "UPDATE message SET position = 9223372036854775807 WHERE \(seventh)"),
    Plant(kind: .orphan, sql: "UPDATE message SET position = -9223372036854775808 WHERE \(seventh)"),
    Plant(kind: .orphan, sql: "UPDATE message SET position = -5 WHERE \(seventh)"),
    Plant(kind: .number, sql: "UPDATE message SET position = position + 400000 WHERE \(seventh)"),
    Plant(kind: .number, sql: "UPDATE message SET position = position + 4000000000 WHERE \(seventh)"),
    Plant(kind: .orphan, sql: "UPDATE message SET position = position | (1 << 50) WHERE \(seventh)"),
    Plant(kind: .head, sql: "UPDATE message SET position = (2 << 32) + 4 WHERE \(seventh)"),
    Plant(kind: .number, sql: "UPDATE message SET position = (2 << 32) + 900 WHERE \(seventh)"),
    Plant(
      kind: .number, sql: "UPDATE message SET position = position + 400000 WHERE position = (1 << 32) + 10"),
    Plant(
      kind: .number,
      sql:
        "UPDATE message SET position = position + 400000 WHERE position BETWEEN (1 << 32) + 3 AND (1 << 32) + 6"
    ),
    Plant(
      kind: .number,
      sql:
        "UPDATE message SET position = position + 400000 WHERE position >> 32 = 1; UPDATE log SET head = 400010 WHERE id = 1"
    ),
    Plant(kind: .head, sql: "UPDATE log SET head = 400000 WHERE id = 1"),
    Plant(kind: .head, sql: "UPDATE log SET head = 4294967295 WHERE id = 1"),
    Plant(
      kind: .orphan,
      sql: "UPDATE message SET position = position * 1000000007 WHERE position - (1 << 32) IN (3, 5, 7)"),
    Plant(
      kind: .orphan, sql: "UPDATE message SET position = -position WHERE position - (1 << 32) IN (3, 5, 7)"),
    Plant(kind: .logID, sql: "UPDATE log SET id = 2147483647 WHERE id = 1"),
    Plant(kind: .logID, sql: "UPDATE log SET id = -3 WHERE id = 2"),
    Plant(kind: .logID, sql: "UPDATE log SET id = 77 WHERE id = 1"),
    Plant(
      kind: .logID,
      sql:
        "UPDATE log SET id = 2147483647 WHERE id = 3; UPDATE message SET position = position + ((2147483647 - 3) << 32) WHERE position >> 32 = 3"
    ),
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
    Plant(kind: .marksVersion, sql: "UPDATE marks SET version = 1 << 53 WHERE \(bobsMarks)"),
    Plant(kind: .marksVersion, sql: "UPDATE marks SET version = 0 WHERE \(bobsMarks)"),
    Plant(kind: .marksStamp, sql: "UPDATE marks SET stamp = 0 WHERE \(bobsMarks)"),
    Plant(kind: .token, sql: "UPDATE message SET token = 0 WHERE \(seventh)"),
    Plant(
      kind: .token,
      sql:
        "UPDATE message SET token = 'a' WHERE position = (1 << 32) + 10; UPDATE log SET token = 'a' WHERE id = 1"
    ),
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

  static let lasting = [
    Plant(kind: .newer, sql: "UPDATE marks SET body = \(sql(newer(Marks().encoded))) WHERE \(bobsMarks)"),
    Plant(kind: .newer, sql: "UPDATE log SET record = \(sql(newer(LogRecord().encoded))) WHERE id = 1"),
    Plant(kind: .table, sql: "ALTER TABLE message ADD COLUMN colour"),
    Plant(kind: .table, sql: "DROP TABLE marks"),
    Plant(kind: .file, sql: ""),
  ]
}

import Foundation
import Inbox
import Testing

@testable import SQLiteStore

/// The doctor's findings in a file that somebody changed, and its advice.
struct DoctorTests {
  /// Creates a store with ten messages, three of them with a key, one retracted, and the marks of two
  /// readers.
  private static func make(_ path: String) async throws {
    let store = try SQLiteStore(path: path)
    for n in 1...10 {
      _ = try await store.append(draft("\(n)", key: n % 3 == 0 ? Text("key \(n)") : nil))
    }
    _ = try await store.append(draft("own"), to: .member(team: "t", user: "bob"))
    _ = try await store.append(draft("news"), to: .everyone)
    _ = try await store.retract(MessageName(log: team, seq: 4))
    _ = try await store.mark(.read)
    _ = try await store.change(marksOf: Inbox(user: "ann")) { _, state in state.join(from: .now) }
    try await store.close()
  }

  /// The report on a file that statements have changed.
  private static func report(after sql: String) async throws -> SQLiteReport {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    try await make(path)
    try TestDatabase.execute(path, sql)
    let store = try SQLiteStore(path: path)
    let report = try await store.report(.test)
    try await store.close()
    return report
  }

  @Test func aSoundFileIsSound() async throws {
    let report = try await Self.report(after: "")
    #expect(report.problems == [])
    #expect(report.counts == SQLiteReport.Counts(logs: 3, messages: 12, marks: 2))
  }

  private static let nid = MessageName(log: team, seq: 7).nid
  private static let seventh = "position & 4294967295 = 7"

  @Test(arguments: [
    ("DELETE FROM message WHERE \(seventh)", "messages are missing from logs", 1, nid),
    (
      "DELETE FROM message WHERE position & 4294967295 >= 7", "messages are missing from logs", 4, nid
    ),
    (
      "UPDATE log SET head = head - 4 WHERE head = 10", "messages lie beyond the heads of their logs", 4, nid
    ),
    ("UPDATE message SET data = x'7b' WHERE \(seventh)", "the data of messages is no JSON object", 1, nid),
    ("UPDATE message SET data = x'5b5d' WHERE \(seventh)", "the data of messages is no JSON object", 1, nid),
    ("UPDATE message SET data = x'' WHERE \(seventh)", "the data of messages is no JSON object", 1, nid),
    ("UPDATE message SET content = x'ff' WHERE \(seventh)", "messages have text that can't be read", 1, nid),
    ("UPDATE message SET time = 0 WHERE \(seventh)", "messages are older than the one before them", 1, nid),
    (
      "INSERT INTO message (position, time, token, message_type) VALUES (99 << 32 | 7, 0, 0, x'61')",
      "messages belong to no log", 1, "position \(99 << 32 | 7)"
    ),
    ("UPDATE log SET name = x'09' WHERE id = 1", "the names of logs can't be read", 1, "row 1"),
    ("UPDATE log SET record = x'00' WHERE head = 10", "the records of logs can't be read", 1, "the team t"),
    (
      "UPDATE marks SET body = x'ff' WHERE inbox = x'0403616e6e'", "marks can't be read", 1, "the account ann"
    ),
    (
      "UPDATE log SET head = 0 WHERE head = 1", "marks are of messages that their logs don't have", 2,
      "the messages of bob in the team t"
    ),
  ])
  func content(_ sql: String, _ what: String, _ count: Int, _ first: String) async throws {
    let report = try await Self.report(after: sql)
    let found = report.faults.contains { fault in
      guard case .content(what, count, let name) = fault else { return false }
      return name.hasPrefix(first)
    }
    #expect(found, "\(report.faults)")
    #expect(report.problems.contains { $0.hasPrefix(what) && $0.contains("restore the file from a backup") })
  }

  @Test(arguments: ["message_sender", "message_receiver", "message_type", "message_key"])
  func anIndexThatIsGoneIsMadeByWhatIsSaid(_ name: String) async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    try await Self.make(path)
    try TestDatabase.execute(path, "DROP INDEX \(name)")
    var store = try SQLiteStore(path: path)
    let faults = try await store.report(.test).faults
    try await store.close()
    guard faults.count == 1, case .index(name, let statement) = faults[0] else {
      Issue.record("\(faults)")
      return
    }
    try TestDatabase.execute(path, statement)
    store = try SQLiteStore(path: path)
    #expect(try await store.report(.test).problems == [])
    try await store.close()
  }

  @Test(arguments: ["message", "marks", "log"])
  func aTableThatIsGone(_ name: String) async throws {
    let report = try await Self.report(after: "DROP TABLE \(name)")
    #expect(report.faults.contains(.table(name)))
    #expect(report.problems.contains { $0.contains("table \(name) is missing") })
  }

  @Test func aTableThatAnotherProgramChanged() async throws {
    let report = try await Self.report(after: "ALTER TABLE message ADD COLUMN colour")
    #expect(report.faults == [.table("message")])
  }

  @Test func anIndexThatDoesNotFitItsTable() async throws {
    let report = try await Self.report(
      after: """
        CREATE TABLE aside AS SELECT * FROM message;
        PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = 'CREATE INDEX message_type ON message (content)'
          WHERE name = 'message_type';
        """)
    // The next connection reads the changed schema: the indexed content differs from the index's new
    // definition.
    #expect(report.faults.contains { if case .index("message_type", _) = $0 { true } else { false } })
    #expect(report.faults.contains { if case .indexes = $0 { true } else { false } }, "\(report.faults)")
    #expect(report.problems.contains { $0.contains("REINDEX") })
  }

  @Test func pagesThatAreNone() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    try await Self.make(path)
    var bytes = try Data(contentsOf: URL(filePath: path))
    // Every page except that of the schema.
    for index in 4096..<bytes.count where index % 4096 < 200 { bytes[index] = 0x5A }
    try ScratchFolder.write(bytes, path)
    let store = try SQLiteStore(path: path)
    let report = try await store.report(.test)
    #expect(report.faults.contains { if case .file = $0 { true } else { false } }, "\(report.faults)")
    try await store.close()
  }
}

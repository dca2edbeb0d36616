import Inbox
import Seeds
import Testing

@testable import SQLiteStore

/// Random damage: whatever a few values of a file become, one repair leaves a store that is whole and answers.
struct RandomDamageTests {
  private static let columns: [(table: String, key: String, names: [String])] = [
    ("log", "id", ["id", "name", "head", "time", "token", "stamp", "record"]),
    (
      "message", "position",
      [
        "position", "position", "position", "time", "token", "user_id", "username", "receiver_id",
        "message_type", "content", "data", "key", "digest",
      ]
    ), ("marks", "inbox", ["inbox", "version", "stamp", "body"]),
  ]

  /// What a column, here `c`, may become.
  private static let values = [
    "NULL", "0", "1", "-1", "-5", "1.5", "2147483647", "4294967295", "4294967296", "9007199254740993",
    "9223372036854775807", "-9223372036854775808", "x''", "'text'", "zeroblob(200)", "zeroblob(70000)",
    "c + 1", "c - 1", "c + 7", "c + 400000", "c + 4000000000", "c * 2", "-c", "~c", "c | (1 << BIT)",
    "c & ~(1 << BIT)", "x'HEX'", "c || x'HEX'", "substr(c, 2)",
    "(SELECT c FROM t ORDER BY k LIMIT 1 OFFSET ROW)",
  ]

  private static func statement(_ random: inout SeededGenerator) -> String {
    func number(_ range: Range<Int>) -> Int { .random(in: range, using: &random) }
    let part = columns[number(0..<columns.count)]
    let row = "(SELECT \(part.key) FROM \(part.table) ORDER BY \(part.key) LIMIT 1 OFFSET \(number(0..<15)))"
    switch number(0..<10) {
    case 0: return "DELETE FROM \(part.table) WHERE \(part.key) = \(row)"
    case 1: return "DELETE FROM \(part.table) WHERE \(part.key) > \(row)"
    default:
      let column = part.names[number(0..<part.names.count)]
      let hex = (0..<number(1..<12)).map { _ in ["0", "1", "2", "3", "7f", "80", "ff"][number(0..<7)] }
        .map { $0.count == 1 ? "0" + $0 : $0 }.joined()
      var value = values[number(0..<values.count)]
      for (name, text) in [
        ("BIT", "\(number(0..<64))"), ("HEX", hex), ("ROW", "\(number(0..<15))"),
        ("FROM t", "FROM \(part.table)"),
        ("BY k", "BY \(part.key)"),
      ] { value.replace(name, with: text) }
      value = value.split(separator: " ", omittingEmptySubsequences: false)
        .map { $0 == "c" ? column : $0 == "-c" || $0 == "~c" ? $0.prefix(1) + column : String($0) }
        .joined(separator: " ").replacing("substr(c,", with: "substr(\(column),")
      return "UPDATE \(part.table) SET \(column) = \(value) WHERE \(part.key) = \(row)"
    }
  }

  @Test(arguments: 0..<40)
  func aRepairLeavesWhatIsWhole(_ run: Int) async throws {
    var random = SeededGenerator.printed("random damage \(run)")
    var done: [String] = []
    try await VerifyTests.onFile(after: "") { store in
      for _ in 0..<(1 + run % 4) {
        let statement = Self.statement(&random)
        // What the table itself refuses is no damage.
        do { try TestDatabase.execute("\(store.file.canonicalPath)", statement) } catch is TestDatabase
          .Failure
        {
          continue
        }
        done.append(statement)
      }
      let mended = try await store.verify(repairs: true)
      let left = try await store.verify(Verification(.test))
      // Bytes of another format may be those of a newer version: nobody touches them.
      #expect(
        left.faults.kinds.allSatisfy { $0 == .newer },
        "\(done): mended \(mended.kinds.map { mended[$0] }), left \(left.faults.kinds.map { left.faults[$0] })"
      )
      #expect(left.messages < 1500, "\(done)")
      guard left.faults.isEmpty else { return }
      for inbox in [bob, Inbox(user: "ann", team: "t"), Inbox(user: "bob")] {
        let page = try await store.read { try PageQuery(inbox: inbox).page($0) }
        #expect(page.total == page.state.counts.total)
        _ = try await store.mark(.read, inbox)
      }
      for log in [team, .team("new"), bob.own, .everyone] {
        _ = try await store.append(draft("later"), to: log)
      }
      #expect(try await store.verify().isEmpty, "\(done)")
    }
  }
}

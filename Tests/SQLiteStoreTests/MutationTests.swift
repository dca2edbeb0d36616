import Foundation
import Inbox
import SQLiteStore
import Testing

/// Each column of each table at each extreme: the result is an error or an answer, never the end of the
/// process, and an error only for the inbox to which the row belongs.
struct MutationTests {
  private static let values = [
    "-9223372036854775808", "-1", "0", "9007199254740991", "9007199254740993", "4294967295", "4294967296",
    "4611686018427387904", "9223372036854775806", "9223372036854775807", "0.5", "-1e300", "9e999", "NULL",
    "'text'",
    "x''", "x'ff'", "x'02ffffffffffffffff7f00'", "zeroblob(200000)", "zeroblob(5000000)",
  ]
  private static let columns: [(table: String, columns: [String], row: String)] = [
    ("log", ["head", "time", "record", "name"], "id = 1"),
    (
      "message",
      [
        "time", "token", "user_id", "username", "team_name", "receiver_id", "message_type", "content", "data",
        "key",
        "digest",
      ], "position = (1 << 32) + 3"
    ),
    ("marks", ["version", "stamp", "body"], "inbox = (SELECT name FROM log WHERE id = 2)"),
  ]
  private let well = Inbox(user: "well", team: "well")

  @Test(arguments: columns.indices) func everyColumnAtEveryExtreme(_ index: Int) async throws {
    let (table, columns, row) = Self.columns[index]
    let folder = try ScratchFolder()
    let sound = folder.path("sound.db")
    let first = try SQLiteStore(path: sound)
    for inbox in [bob, well] { try await fill(first, inbox) }
    try await first.close()
    for column in columns {
      for value in Self.values {
        let path = folder.path("\(UUID().uuidString).db")
        try FileManager.default.copyItem(atPath: sound, toPath: path)
        do {
          try TestDatabase.execute(path, "UPDATE \(table) SET \(column) = \(value) WHERE \(row)")
        } catch is TestDatabase.Failure {
          // The table itself refuses some values.
          continue
        }
        let store = try SQLiteStore(path: path)
        await use(store, bob, "\(column) = \(value)")
        try await expectWell(store)
        _ = try await store.checkup()
        try await store.close()
        try FileManager.default.removeItem(atPath: path)
      }
    }
  }

  private func fill(_ store: SQLiteStore, _ inbox: Inbox) async throws {
    for n in 1...3 {
      _ = try await store.append(draft("\(n)", key: Text("key \(n)")), to: [inbox.shared, inbox.own])
    }
    #expect(try await store.retract(MessageName(log: inbox.shared, seq: 1)))
    #expect(try await store.mark(.read, inbox) == 5)
  }

  private func expectWell(_ store: SQLiteStore) async throws {
    let query = PageQuery(inbox: well)
    #expect(try await store.read { try query.page($0).total } == 5)
    #expect(try await store.append(draft("more"), to: well.shared).seq == 4)
    #expect(try await store.retract(MessageName(log: well.shared, seq: 4)))
    #expect(try await store.mark(.unread, well) == 5)
  }

  /// Makes every kind of call of a store; every error must be one that callers know.
  private func use(_ store: SQLiteStore, _ inbox: Inbox, _ what: String) async {
    func known(_ body: () async throws -> Void) async {
      do { try await body() } catch is StoreError {} catch is MarkChange.NotFound {} catch {
        Issue.record("\(what): \(error)")
      }
    }
    for order in Order.allCases {
      let query = PageQuery(inbox: inbox, order: order, filter: Filter(concerning: "bob", types: ["note"]))
      await known { _ = try await store.read { try query.page($0) } }
    }
    await known {
      _ = try await store.read { reader in
        let state = try reader.state(of: inbox)
        return try state.changes(since: ChangeCursor(state, reader), limit: 9, reader)
      }
    }
    await known { _ = try await store.read { try $0.last(in: inbox.shared, notAfter: 5) } }
    for target in [MarkChange.Target.all, .upTo(MessageName(log: inbox.shared, seq: 3))] {
      await known {
        _ = try await store.change(marksOf: inbox) { reader, state in
          try MarkChange(.unread, target).apply(to: &state, reader)
        }
      }
    }
    await known { _ = try await store.append(draft("again", key: "key 3"), to: inbox.shared) }
    await known { _ = try await store.append(draft("new"), to: [inbox.shared, inbox.own], progress: nil) }
    await known { _ = try await store.retract(MessageName(log: inbox.shared, seq: 3)) }
  }
}

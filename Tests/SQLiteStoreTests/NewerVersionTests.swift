import Inbox
import Testing

@testable import SQLiteStore

/// Rows with a section that this version does not know.
struct NewerVersionTests {
  @Test func theyAreRefusedForThatInboxAloneAndNeverDropped() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let well = Inbox(user: "well", team: "well")
    let newerLog = Inbox(user: "ann", team: "newer")
    let store = try SQLiteStore(path: path)
    for inbox in [bob, well, newerLog] {
      for n in 1...3 { _ = try await store.append(draft("\(n)"), to: inbox.shared) }
      _ = try await store.retract(MessageName(log: inbox.shared, seq: 1))
      _ = try await store.mark(.read, inbox)
    }
    let marks = newer(try await store.read { try $0.state(of: bob) }.marks.encoded)
    let record = newer(try await store.read { try $0.state(of: newerLog) }.shared.record.encoded)
    try await store.close()
    try TestDatabase.execute(
      path,
      """
      UPDATE marks SET body = \(sql(marks)) WHERE inbox = \(sql(bob.own.encoded));
      UPDATE log SET record = \(sql(record)) WHERE name = \(sql(newerLog.shared.encoded));
      """)

    let again = try SQLiteStore(path: path)
    for inbox in [bob, newerLog] {
      await expectNewer { _ = try await again.read { try $0.state(of: inbox) } }
      await expectNewer { _ = try await again.mark(.unread, inbox) }
    }
    await expectNewer { _ = try await again.append(draft("4"), to: newerLog.shared) }
    await expectNewer { _ = try await again.retract(MessageName(log: newerLog.shared, seq: 2)) }
    #expect(try await again.append(draft("4"), to: bob.shared).seq == 4)
    #expect(try await again.mark(.unread, well) == 2)
    let report = try await again.report(.test)
    #expect(
      report.faults == [
        .newer(
          "marks or records were written by a newer version of Tidings", count: 2, first: "the team newer")
      ])
    #expect(report.problems.count == 1 && report.problems[0].hasSuffix("use that version"))
    try await again.close()
    // As they were, for the newer version.
    try TestDatabase.execute(path, "CREATE TABLE found (x CHECK (x = 2))")
    try TestDatabase.execute(
      path,
      """
      INSERT INTO found SELECT (SELECT count(*) FROM marks WHERE body = \(sql(marks)))
        + (SELECT count(*) FROM log WHERE record = \(sql(record)))
      """)
  }

  private func sql(_ bytes: [UInt8]) -> String {
    "x'" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "'"
  }

  /// The bytes with a section more.
  private func newer(_ bytes: [UInt8]) -> [UInt8] { [bytes[0], bytes[1] + 1] + bytes[2...] + [200, 1, 7] }

  private func expectNewer(_ body: () async throws -> Void) async {
    do {
      try await body()
      Issue.record("it was read")
    } catch {
      #expect((error as? StoreError)?.isOfNewerVersion == true, "\(error)")
    }
  }
}

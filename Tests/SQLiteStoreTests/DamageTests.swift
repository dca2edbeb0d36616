import Foundation
import Inbox
import SQLiteStore
import Seeds
import Testing

/// A damaged file causes errors or answers, and never ends the process.
struct DamageTests {
  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func flippedBytesNeverEndTheProcess(seed: UInt64) async throws {
    let folder = try ScratchFolder()
    let sound = try await DamageTests.bytes(of: folder)
    var random = SeededGenerator(seed: seed)
    for trial in 0..<5 {
      var bytes = sound
      for _ in 0..<Int.random(in: 1...20, using: &random) {
        // Every second change is among the first pages, which hold the schema and the roots.
        let limit = Bool.random(using: &random) ? min(bytes.count, 8 * 4096) : bytes.count
        bytes[.random(in: 0..<limit, using: &random)] = .random(in: 0...255, using: &random)
      }
      if trial == 4 { bytes.removeLast(.random(in: 1..<bytes.count, using: &random)) }
      try await DamageTests.use(folder, bytes, "\(seed)-\(trial)")
    }
  }

  /// Makes every kind of call of a store; every error must be one that callers know.
  private static func use(_ folder: ScratchFolder, _ bytes: Data, _ name: String) async throws {
    let path = folder.path(name + ".db")
    try ScratchFolder.write(bytes, path)
    let store: SQLiteStore
    do {
      store = try SQLiteStore(path: path)
    } catch {
      #expect(error.description.contains(path))
      return
    }
    for round in 0..<2 {
      await known { _ = try await store.messages() }
      for user in ["ann", "bob", "user 7"] as [Text] {
        let inbox = Inbox(user: user, team: "t")
        for order in Order.allCases {
          let query = PageQuery(
            inbox: inbox, order: order, filter: Filter(concerning: "bob", types: ["note"]))
          await known { _ = try await store.read { try query.page($0) } }
        }
        await known { _ = try await store.mark(round == 0 ? .read : .unread, inbox) }
        await known {
          try await store.change(marksOf: inbox) { _, state in
            state.leave()
            state.join(from: .now)
          }
        }
      }
      await known { _ = try await store.append(draft("\(round)", key: Text("key 3"))) }
      await known { _ = try await store.append(draft("\(round)"), to: .account(Text("new \(round)"))) }
      await known { _ = try await store.retract(MessageName(log: team, seq: 5 + round)) }
      await known { _ = try await store.read { try $0.last(in: team, notAfter: 1 << 40) } }
    }
    await known { _ = try await store.checkup() }
    await known { try await store.close() }
  }

  private static func known(_ body: () async throws -> Void) async {
    do {
      try await body()
    } catch is StoreError {
    } catch {
      Issue.record(error)
    }
  }

  @Test(arguments: [
    "UPDATE log SET record = x'00'", "UPDATE log SET record = x'0101010505000000'",
    "UPDATE log SET head = -1", "UPDATE log SET head = 1 << 40", "UPDATE log SET head = x'01'",
    "UPDATE log SET record = 'text'", "UPDATE marks SET body = x'ff'", "UPDATE marks SET version = -1",
    "UPDATE marks SET body = 5", "UPDATE marks SET body = x'01000000000000000000ff01000000000000'",
    "UPDATE message SET message_type = x'c0'", "UPDATE message SET content = x'80'",
    "UPDATE message SET time = x'00'", "DELETE FROM message WHERE position & 4294967295 = 60",
    "UPDATE log SET head = head + 1", "DROP TABLE message",
  ])
  func whatTidingsNeverWritesIsDamage(sql: String) async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    try ScratchFolder.write(try await DamageTests.bytes(of: folder), path)
    try TestDatabase.execute(path, sql)
    let store = try SQLiteStore(path: path)
    await #expect {
      let query = PageQuery(inbox: bob)
      _ = try await store.read { try query.page($0) }
      _ = try await store.messages()
      _ = try await store.append(draft())
    } throws: { error in
      if case .damaged = error as? StoreError { true } else { false }
    }
    try await store.close()
  }

  /// Where a page lies in the place of another, SQLite returns rows that were not asked for. Each time may be the last one
  /// that is waited for.
  @Test(.timeLimit(.minutes(5)), arguments: [false, true])
  func whoeverReadsPagesOutOfPlaceEnds(repairs: Bool) async throws {
    let folder = try ScratchFolder()
    let sound = try await DamageTests.bytes(of: folder)
    let size = 4096
    let pages = sound.count / size
    #expect(pages > 10)
    func range(_ page: Int) -> Range<Int> { page * size..<(page + 1) * size }
    let path = folder.path("swapped.db")
    for (number, (first, second)) in (1..<pages).flatMap({ first in (first + 1..<pages).map { (first, $0) } })
      .enumerated()
    {
      // Both are swapped, or one is there twice.
      var bytes = sound
      bytes.replaceSubrange(range(first), with: sound[range(second)])
      if number % 3 > 0 { bytes.replaceSubrange(range(second), with: sound[range(first)]) }
      for end in ["", "-wal", "-shm", "-lock"] { try? FileManager.default.removeItem(atPath: path + end) }
      try ScratchFolder.write(bytes, path)
      let store: SQLiteStore
      do {
        store = try SQLiteStore(path: path)
      } catch { continue }
      // Nothing of a damaged file is written, also if no place is named.
      let verification = Verification(.test, repairs: repairs, named: 0, end: .now + .seconds(60))
      let verdict = try await store.verify(verification)
      #expect(!verdict.faults.isEmpty && !verification.isOver, "pages \(first) and \(second)")
      if repairs, verdict.faults.has(.file) {
        let left = try await store.verify()
        #expect(left.counts == verdict.faults.counts, "pages \(first) and \(second)")
      }
      await DamageTests.known { _ = try await store.read { try Self.list($0) } }
      try await store.close()
    }
  }

  /// Goes through everything as an export does.
  private static func list(_ reader: any StoreReader) throws {
    var log: LogName?
    while let last = try reader.logs(after: log, limit: 7).last { log = last }
    var inbox: Inbox?
    while let last = try reader.inboxes(after: inbox, limit: 7).last { inbox = last }
  }

  /// A database with some data of every kind.
  private static func bytes(of folder: ScratchFolder) async throws -> Data {
    let path = folder.path("sound.db")
    let store = try SQLiteStore(path: path)
    for n in 1...60 {
      _ = try await store.append(
        draft(String(repeating: "text \(n) ", count: n * 3), key: n % 3 == 0 ? Text("key \(n)") : nil),
        to: [team, .member(team: "t", user: Text("user \(n)"))])
    }
    for n in 1...9 {
      _ = try await store.retract(MessageName(log: team, seq: n * 5))
      let inbox = Inbox(user: Text("user \(n)"), team: "t")
      _ = try await store.mark(.read, inbox)
      try await store.change(marksOf: inbox) { _, state in state.join(from: .now) }
    }
    _ = try await store.mark(.read)
    try await store.close()
    return try Data(contentsOf: URL(filePath: path))
  }
}

import Dispatch
import Inbox
import Locks
import Seeds
import Testing

@testable import SQLiteStore

/// Readers that keep what they read never show what is no longer so.
struct CoherenceTests {
  private static let ann = Inbox(user: "ann", team: "t")
  private static let inboxes = (0..<6).map { Inbox(user: Text("user \($0)"), team: "t") }
  private static let others = (0..<6).map { Inbox(user: Text("user \($0)"), team: "u") }

  private let folder: ScratchFolder
  private let path: String
  private let copy: String

  init() throws {
    folder = try ScratchFolder()
    path = folder.path("a.db")
    copy = folder.path("copy.db")
  }

  /// A store with one connection that reads, so that what is kept is kept by the one that is asked.
  private func open() throws -> SQLiteStore {
    try SQLiteStore(path: FilePath(path), readers: 1, patience: .seconds(600))
  }

  private func state(_ store: SQLiteStore, _ inbox: Inbox = bob) async throws -> InboxState {
    try await store.read { try $0.state(of: inbox) }
  }

  private func head(_ store: SQLiteStore) async throws -> Int { try await state(store).shared.head }

  /// What changes the file without the store.
  enum Foreign: String, CaseIterable, CustomTestStringConvertible {
    case marks, log, restored, restoredAndContinued, copied, copiedAndContinued, rolledBack, emptiedLog
    var testDescription: String { rawValue }
  }

  @Test(arguments: Foreign.allCases) func whatOthersDoIsSeen(_ what: Foreign) async throws {
    let store = try open()
    for n in 1...3 { _ = try await store.append(draft("\(n)")) }
    try TestDatabase.execute(path, "VACUUM INTO '\(copy)'")
    for n in 4...5 { _ = try await store.append(draft("\(n)")) }
    #expect(try await store.mark(.read) == 5)
    #expect(try await store.retract(MessageName(log: team, seq: 4)))
    let before = try await state(store)
    #expect(before.shared.head == 5 && before.shared.record.retracted == SequenceSet(4))
    #expect(try await state(store, Self.ann).shared.sent == SequenceSet(1, through: 5))
    let past = try await store.read { $0.past }
    switch what {
    case .marks:
      try TestDatabase.execute(path, "DELETE FROM marks")
      #expect(try await state(store).marks == Marks())
    case .log:
      try TestDatabase.execute(
        path,
        "DELETE FROM message WHERE position & 255 = 5; UPDATE log SET head = 4, token = (SELECT max(token) FROM message)"
      )
      #expect(try await store.read { try $0.logs([team])[0].head } == 4)
    case .restored, .restoredAndContinued: try await restore(store, continued: what == .restoredAndContinued)
    case .copied, .copiedAndContinued: try await copyBack(store, continued: what == .copiedAndContinued)
    case .rolledBack:
      let database = try TestDatabase(path)
      try database.execute("BEGIN IMMEDIATE; UPDATE log SET head = 9; DELETE FROM marks")
      #expect(try await state(store) == before)
      try database.execute("ROLLBACK")
      #expect(try await state(store) == before)
      #expect(try await store.append(draft("6")).seq == 6)
      #expect(try await head(store) == 6)
    case .emptiedLog:
      try TestDatabase.execute(path, "PRAGMA wal_checkpoint(TRUNCATE)")
      #expect(try await state(store) == before)
      let other = try SQLiteStore(path: path)
      #expect(try await other.append(draft("6")).seq == 6)
      #expect(try await head(store) == 6)
      try await other.close()
    }
    let isAnother = what == .restored || what == .restoredAndContinued
    #expect(try await store.read { $0.past } != past || !isAnother)
    try await store.close()
  }

  /// As `.restore` in SQLite's shell does: the file and its log stay, with another past.
  private func restore(_ store: SQLiteStore, continued: Bool) async throws {
    try TestDatabase.restore(path, from: copy)
    #expect(try await head(store) == 3)
    #expect(try await state(store).shared.record == LogRecord())
    let other = try SQLiteStore(path: path)
    if continued {
      // As many changes as were lost, and more: of the same numbers and versions.
      for n in 1...3 {
        _ = try await other.append(draft("other \(n)"))
        let messages = try await store.messages()
        #expect(messages.map(\.body.content) == ["1", "2", "3"] + (1...n).map { "other \($0)" })
        #expect(try await head(store) == 3 + n)
      }
      #expect(try await other.mark(.seen) == 6)
      let marks = try await state(store).marks
      #expect(marks.version == 1 && marks.shared.seen.count == 6 && marks.shared.read.isEmpty)
    }
    // What the one that writes had known is forgotten as well.
    let seq = try await store.append(draft("mine")).seq
    #expect(try await head(other) == seq && seq == (continued ? 7 : 4))
    try await other.close()
  }

  /// The rows of a copy are put in place of the file's: SQLite has no other version of the schema then.
  private func copyBack(_ store: SQLiteStore, continued: Bool) async throws {
    let database = try TestDatabase(path)
    try database.execute("ATTACH '\(copy)' AS copy; BEGIN IMMEDIATE")
    for table in ["log", "message", "marks"] {
      try database.execute("DELETE FROM \(table); INSERT INTO \(table) SELECT * FROM copy.\(table)")
    }
    try database.execute("COMMIT; DETACH copy")
    if !continued { #expect(try await head(store) == 3) }
    let other = try SQLiteStore(path: path)
    // The same head with other messages, then a longer log.
    for (n, sender) in ["carl", "carl", "ann"].enumerated() {
      let body = MessageBody(type: "note", sender: Text(sender), content: "other")
      _ = try await other.append(Draft(body: body, key: nil, digest: []), to: [team])
      guard n > 0 || !continued else { continue }
      let ann = try await state(store, Self.ann)
      #expect(ann.shared.head == 4 + n && ann.shared.record == LogRecord())
      #expect(ann.shared.sent == SequenceSet(numbers: n == 2 ? [1, 2, 3, 6] : [1, 2, 3]))
    }
    // Marks of the version that is known, which are others.
    if !continued { #expect(try await state(store).marks == Marks()) }
    #expect(try await other.mark(.seen) == 6)
    let marks = try await state(store).marks
    #expect(marks.version == 1 && marks.shared.seen.count == 6 && marks.shared.read.isEmpty)
    try await other.close()
  }

  /// What is kept of a log that grows, of marks and of what the reader sent is right at each step.
  @Test func whatIsKeptGrowsWithTheLog() async throws {
    let stores = [try open(), try open()]
    for n in 1...80 {
      let (mine, its) = (stores[n % 2], stores[(n + 1) % 2])
      _ = try await its.append(draft("\(n)"))
      if n % 7 == 0 { #expect(try await its.mark(n % 2 == 0 ? .read : .unread, Self.ann) > 0) }
      if n % 10 == 0 { #expect(try await its.retract(MessageName(log: team, seq: n / 2))) }
      let (found, fresh) = (try await state(mine, Self.ann), try SQLiteStore(path: path))
      #expect(try await state(fresh, Self.ann) == found && found.shared.head == n)
      try await fresh.close()
    }
    for store in stores { try await store.close() }
  }

  /// A read that was answered from what was kept, and then has to ask a file that has changed, is done again. Where the
  /// file's rest came in between, nothing was kept: then it is tried once more.
  @Test func aReadOfTwoMomentsIsDoneAgain() async throws {
    let (store, other) = (try open(), try open())
    _ = try await store.append(draft(), to: [team, .team("u")])
    var times = 0
    for head in 2...100 where times < 2 {
      _ = try await state(store)
      let runs = Locked(0)
      let (reading, appended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
      let view = Task {
        try await store.read { reader in
          let first = try reader.state(of: bob).shared.head
          let run = runs.withLock { runs in
            runs += 1
            return runs
          }
          if run == 1 {
            reading.signal()
            appended.waitOrFail()
          }
          return [first, try reader.state(of: Inbox(user: "bob", team: "u")).shared.head]
        }
      }
      await reading.waited()
      _ = try await other.append(draft(), to: [team, .team("u")])
      appended.signal()
      let heads = try await view.value
      times = runs.withLock { $0 }
      #expect(heads == (times == 2 ? [head, head] : [head - 1, head - 1]))
    }
    #expect(times == 2)
    for store in [store, other] { try await store.close() }
  }

  /// Every append goes to two logs at once: a view that shows it in one of them shows it in the other.
  @Test func oneViewIsOneMoment() async throws {
    let stores = [try SQLiteStore(path: path), try SQLiteStore(path: path)]
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for n in 1...300 {
          let receipts = try await stores[n % 2].append(draft("\(n)"), to: [team, .team("u")])
          #expect(receipts.map(\.seq) == [n, n])
          // What was acknowledged is seen, by whomever it was made.
          for store in stores {
            let heads = try await store.read { reader in
              try reader.states(of: [Self.inboxes[n % 6], Self.others[n % 6]]).map(\.shared.head)
            }
            #expect(heads == [n, n])
          }
        }
      }
      for task in 0..<6 {
        group.addTask {
          var random = SeededGenerator(seed: UInt64(task))
          var last = 0
          while last < 300 {
            let store = stores.randomElement(using: &random)!
            let pick = (0..<4).map { _ in
              (Bool.random(using: &random) ? Self.inboxes : Self.others).randomElement(using: &random)!
            }
            let heads = try await store.read { reader in
              var heads: [Int] = []
              for inbox in pick {
                let state = try reader.state(of: inbox)
                heads.append(state.shared.head)
                if state.shared.head > 0 {
                  let newest = SequenceSet(state.shared.head, through: .max)
                  #expect(try reader.messages(in: inbox.shared, newest).count == 1)
                }
              }
              return heads
            }
            #expect(Set(heads).count == 1 && heads[0] >= last)
            guard Set(heads).count == 1 else { return }
            last = heads[0]
          }
        }
      }
      try await group.waitForAll()
    }
    for store in stores { try await store.close() }
  }
}

import Foundation
import Inbox
import Locks
import Testing

@testable import SQLiteStore

/// The files that a store opens, and its errors for others.
struct OpeningTests {
  @Test func theFilesAreTheirOwnersOnly() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    _ = try await store.append(draft())
    for suffix in ["", "-wal", "-shm", "-lock"] {
      #expect(try ScratchFolder.mode(path + suffix) == 0o600, "\(suffix)")
    }
    try await store.close()
    // The content of the log is in the database.
    #expect(try Data(contentsOf: URL(filePath: path + "-wal")).isEmpty)
  }

  @Test func whatWasWrittenIsThereWhenItIsOpenedAgain() async throws {
    let folder = try ScratchFolder()
    for round in 1...3 {
      let store = try SQLiteStore(path: folder.path("a.db"))
      #expect(try await store.append(draft("\(round)")).seq == round)
      #expect(try await store.mark(.read) == 1)
      #expect(try await store.messages().map(\.body.content) == (1...round).map { "\($0)" })
      #expect(try await store.read { try $0.state(of: bob).marks.version } == round)
      try await store.close()
    }
  }

  @Test func aFileThatIsAsItShouldBeIsNotWritten() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    var store = try SQLiteStore(path: path)
    _ = try await store.append(draft())
    try await store.close()
    let before = try Data(contentsOf: URL(filePath: path))
    let time = try ScratchFolder.changed(path)
    store = try SQLiteStore(path: path)
    #expect(try await store.messages().count == 1)
    #expect(try Data(contentsOf: URL(filePath: path + "-wal")).isEmpty)
    try await store.close()
    #expect(try Data(contentsOf: URL(filePath: path + "-wal")).isEmpty)
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
    #expect(try ScratchFolder.changed(path) == time)
  }

  @Test func commitsAreFlushedAndPlansSearch() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    _ = try await store.append(draft(key: "k"))
    let report = try await store.report(.test)
    #expect(report.journalMode == "wal")
    #expect(report.isDurable)
    #expect(report.schemaVersion == DatabaseSchema.version)
    #expect(report.faults.isEmpty)
    #expect(report.size > 0)
    #expect(report.problems.isEmpty)
    #expect(report.plans.count == SQL.allCases.count { $0.hasPlan })
    for plan in report.plans {
      #expect(!plan.scans, "\(plan.statement): \(plan.steps)")
      let finds = plan.statement.hasPrefix("SELECT") || plan.statement.hasPrefix("UPDATE")
      #expect(!finds || plan.steps.contains { $0.hasPrefix("SEARCH") }, "\(plan.statement)")
    }
    try await store.close()
  }

  @Test func readersCantWriteAndNoConnectionChecksTheLogInByItself() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    try await store.readConnection { connection throws in
      #expect(throws: SQLiteError.self) { try connection.database.execute("DELETE FROM log") }
      #expect(try connection.database.integer("PRAGMA wal_autocheckpoint") == 0)
    }
    let writer = try await store.write(size: 0) { connection in
      Decision(
        value: try ["wal_autocheckpoint", "synchronous", "secure_delete"].map {
          try connection.database.integer("PRAGMA \($0)")
        })
    }
    #expect(writer == [0, 2, 1])
    try await store.close()
  }

  @Test func whatIsNoDatabaseOfOursIsRefusedAndLeftAlone() throws {
    let folder = try ScratchFolder()

    func expect(_ reason: SQLiteOpenError.Reason, _ path: String, _ words: String) throws {
      let before = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
      let error = #expect(throws: SQLiteOpenError.self) { try SQLiteStore(path: path) }
      #expect(error == SQLiteOpenError(FilePath(path), reason))
      #expect(error?.description.contains(path) == true)
      #expect(error?.description.contains(words) == true)
      // No file was created beside it.
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == before)
    }

    try expect(.missingFolder, folder.path("none/a.db"), "does not exist")
    try expect(.notAFile, folder.url.path, "not a file")
    try expect(.missingFolder, folder.path("b.db") + "/", "does not exist")
    let link = folder.path("link.db")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path("no.db"))
    try expect(.danglingLink, link, "symbolic link to a file that does not exist")
    #expect(throws: SQLiteOpenError(FilePath(""), .notAFile)) { try SQLiteStore(path: "") }

    let text = folder.path("notes.txt")
    let bytes = Data(String(repeating: "not a database ", count: 100).utf8)
    try bytes.write(to: URL(filePath: text))
    try expect(.notADatabase, text, "not a database")
    #expect(try Data(contentsOf: URL(filePath: text)) == bytes)

    let other = folder.path("other.db")
    try TestDatabase.execute(other, "CREATE TABLE t (a)")
    let before = try Data(contentsOf: URL(filePath: other))
    try expect(.otherProgram, other, "another program")
    #expect(try Data(contentsOf: URL(filePath: other)) == before)
  }

  @Test func aNewerFileIsRefusedAndLeftAlone() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    _ = try await store.append(draft())
    try await store.close()
    let newer = DatabaseSchema.version + 1
    try TestDatabase.execute(path, "PRAGMA user_version = \(newer)")
    let before = try Data(contentsOf: URL(filePath: path))
    let error = #expect(throws: SQLiteOpenError.self) { try SQLiteStore(path: path) }
    #expect(error?.reason == .newerVersion(found: newer, known: DatabaseSchema.version))
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
    // The lock file was there before, so it may be somebody's.
    #expect(FileManager.default.fileExists(atPath: path + "-lock"))
    try FileManager.default.removeItem(atPath: path + "-lock")
    #expect(throws: SQLiteOpenError.self) { try SQLiteStore(path: path) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["a.db"])
  }

  @Test func aFileFromBeforeTheFirstReleaseIsRefusedAndLeftAlone() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    try TestDatabase.execute(
      path, "CREATE TABLE log (id INTEGER); PRAGMA application_id = 1415868007; PRAGMA user_version = 1")
    let before = try Data(contentsOf: URL(filePath: path))
    #expect(throws: SQLiteOpenError(FilePath(path), .olderVersion(found: 1, known: DatabaseSchema.version))) {
      try SQLiteStore(path: path)
    }
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["a.db"])
  }

  @Test(arguments: [0, -1, Int(Int32.min)])
  func aFileOfOursWithoutAVersionIsDamaged(version: Int) async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    try await store.close()
    try TestDatabase.execute(path, "PRAGMA user_version = \(version)")
    #expect(throws: SQLiteOpenError(FilePath(path), .damaged)) { try SQLiteStore(path: path) }
  }

  @Test func aFileThatANewerVersionTakesOverWhileItIsOpenIsLeftAlone() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    _ = try await store.append(draft())
    let newer = DatabaseSchema.version + 1
    let other = try TestDatabase(path)
    try other.execute("PRAGMA user_version = \(newer)")
    let text = "the database was changed by another version of Tidings: restart this one"
    await #expect(throws: StoreError.unavailable(text)) { try await store.append(draft()) }
    await #expect(throws: StoreError.unavailable(text)) { try await store.messages() }
    try await store.close()
  }

  /// Another process may create the file between two looks at its name.
  @Test func aFileThatIsCreatedMeanwhileIsNoDanglingLink() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let isOver = Locked(false)
    let ended = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      while !isOver.withLock({ $0 }) {
        close(open(path, O_CREAT | O_RDWR, 0o600))
        unlink(path)
      }
      ended.signal()
    }
    for _ in 0..<20_000 {
      do {
        _ = try DatabaseFile(path: FilePath(path), Trust(allowsSharing: false))
      } catch {
        // It may also be gone again.
        guard error.reason != .danglingLink else {
          Issue.record("taken for a link")
          break
        }
      }
    }
    isOver.withLock { $0 = true }
    await ended.waited()
  }

  @Test func anEmptyFileAndALinkAreOpened() async throws {
    let folder = try ScratchFolder()
    let empty = folder.path("empty.db")
    try ScratchFolder.write(Data(), empty)
    try FileManager.default.createSymbolicLink(atPath: folder.path("link.db"), withDestinationPath: empty)
    let store = try SQLiteStore(path: empty)
    let linked = try SQLiteStore(path: folder.path("link.db"))
    #expect(try await store.append(draft()).seq == 1)
    #expect(try await linked.append(draft()).seq == 2)
    // Both stores lock the same file.
    #expect(!FileManager.default.fileExists(atPath: folder.path("link.db-lock")))
    try await linked.close()
    try await store.close()
  }

  @Test func anInterruptedFirstOpeningIsRepeated() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    // The state before the schema is committed: an empty database in WAL mode.
    try TestDatabase.execute(path, "PRAGMA journal_mode = WAL")
    let store = try SQLiteStore(path: path)
    #expect(try await store.append(draft()).seq == 1)
    try await store.close()
  }
}

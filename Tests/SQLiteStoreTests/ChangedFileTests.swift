import Foundation
import Inbox
import Runtime
import Testing

@testable import SQLiteStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Files that change under a store that has them open.
struct ChangedFileTests {
  private static let anew = "end every program that uses it, and start anew"

  /// The ways in which others take a file away from a store that has it open.
  enum Deed: String, CaseIterable, CustomTestStringConvertible {
    case remove, replace, replaceEmpty, move
    var testDescription: String { rawValue }

    func run(_ path: String) throws {
      switch self {
      case .remove: try FileManager.default.removeItem(atPath: path)
      case .move: try FileManager.default.moveItem(atPath: path, toPath: path + ".moved")
      case .replace, .replaceEmpty:
        // Created before the other file goes, so that it has another inode number.
        let bytes = self == .replace ? try Data(contentsOf: URL(filePath: path)) : Data()
        try ScratchFolder.write(bytes, path + ".new")
        guard rename(path + ".new", path) == 0 else { throw POSIXError(.EIO) }
      }
    }
  }

  @Test(arguments: ["", "-wal", "-shm", "-lock"], Deed.allCases)
  func whatIsAcknowledgedIsInTheFilesOfTheseNames(suffix: String, deed: Deed) async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    _ = try await store.append(draft("before"))
    try deed.run(path + suffix)
    await #expect {
      try await store.append(draft("after"))
    } throws: { error in
      guard case .unavailable(let text) = error as? StoreError else { return false }
      return text.hasSuffix(Self.anew) && (suffix == "" || text.contains(suffix))
    }
    // A failure is not believed to be over.
    await #expect(throws: StoreError.self) { try await store.messages() }
    let before = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    // Another process would use other files than this one.
    let error = #expect(throws: SQLiteOpenError.self) { try SQLiteStore(path: path) }
    #expect(error?.reason == .usedOtherwise, "\(String(describing: error))")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == before)
    try await store.close()
    guard suffix != "" else { return }
    // The acknowledged messages are there when the file is opened again.
    if deed == .replace, suffix == "-wal" { return }
    let again = try SQLiteStore(path: path)
    #expect(try await again.messages().map(\.body.content) == ["before"])
    try await again.close()
  }

  /// The deeds of others to a file that keeps its number: `: > FILE`, and `cp BACKUP FILE`.
  enum Overwrite: String, CaseIterable, CustomTestStringConvertible {
    case cut, another
    var testDescription: String { rawValue }

    func run(_ path: String, _ other: String) throws {
      let file = try FileHandle(forWritingTo: URL(filePath: path))
      let bytes = self == .cut ? Data() : try Data(contentsOf: URL(filePath: other))
      try file.truncate(atOffset: 0)
      try file.write(contentsOf: bytes)
      try file.close()
    }
  }

  @Test(arguments: [("", Overwrite.cut), ("", .another), ("-wal", .cut), ("-wal", .another), ("-shm", .cut)])
  func aFileThatIsWrittenOverIsNoticed(suffix: String, overwrite: Overwrite) async throws {
    let folder = try ScratchFolder()
    let (path, other) = (folder.path("a.db"), folder.path("b.db"))
    let another = try SQLiteStore(path: other)
    let store = try SQLiteStore(path: path)
    // Who reads since before the messages keeps them in the logs, however long this test has to wait.
    let readers = try [path, other].map { try Database(FilePath($0), .readOnly) }
    if suffix != "" {
      for reader in readers { try reader.execute("BEGIN; SELECT count(*) FROM log") }
    }
    _ = try await another.append(draft("another"))
    _ = try await store.append(draft("before"))
    if suffix == "" {
      // Then the database is all that counts.
      try await settle(path)
      try await settle(other)
    }
    try overwrite.run(path + suffix, other + suffix)
    await #expect {
      try await store.append(draft("after"))
    } throws: { error in
      guard case .unavailable(let text) = error as? StoreError else { return false }
      return text.hasSuffix(Self.anew) && (suffix == "" || text.contains(suffix))
    }
    await #expect(throws: StoreError.self) { try await store.append(draft("again")) }
    await #expect(throws: StoreError.self) { try await store.messages() }
    for reader in readers { #expect(reader.close() == nil) }
    try await store.close()
    try await another.close()
    guard suffix == "", overwrite == .another else { return }
    // The backup is as it was.
    let again = try SQLiteStore(path: path)
    #expect(try await again.messages().map(\.body.content) == ["another"])
    try await again.close()
  }

  /// Whoever folds the log, and however far it gets, the others go on.
  @Test func aDatabaseThatIsFoldedIntoByOthersIsNotWrittenOver() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    for count in 1...3 {
      let other = try SQLiteStore(path: path)
      _ = try await other.append(draft("\(count)"))
      try await other.close()
      _ = try await store.append(draft("mine"))
      let database = try Database(FilePath(path), .readWrite)
      _ = try database.integer("PRAGMA user_version")
      // With a turn, as every store folds: two that fold at once are in each other's way.
      let turnstile = try Turnstile(try DatabaseFile(path: FilePath(path), Trust(allowsSharing: false)))
      var backoff = Backoff(.seconds(600), .local)
      try turnstile.enter(&backoff)
      #expect(database.checkpoint(count == 1 ? .some : .all))
      turnstile.leave()
      #expect(database.close() == nil)
      #expect(try await store.messages().count == 2 * count)
    }
    _ = try await store.append(draft("last"))
    try await store.close()
  }

  /// Waits until all of the log is in the database.
  private func settle(_ path: String) async throws {
    for _ in 0..<6000 where FileStatus(FilePath(path + "-wal"))?.size != 0 {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(FileStatus(FilePath(path + "-wal"))?.size == 0)
  }

  @Test func whatComesBackIsUsedAgain() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    _ = try await store.append(draft())
    for suffix in ["", "-wal", "-shm", "-lock"] {
      try FileManager.default.moveItem(atPath: path + suffix, toPath: path + ".aside")
      await #expect(throws: StoreError.self) { try await store.append(draft()) }
      try FileManager.default.moveItem(atPath: path + ".aside", toPath: path + suffix)
    }
    #expect(try await store.append(draft()).seq == 2)
    try await store.close()
  }

  @Test(arguments: ["", "-wal", "-shm", "-lock"])
  func aCommitWhoseFilesAreGoneIsUnknown(suffix: String) async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    _ = try await store.append(draft())
    await #expect {
      // Between the check before the commit and the commit itself.
      try await store.change(marksOf: bob) { _, state in
        state.join(from: .now)
        try FileManager.default.removeItem(atPath: path + suffix)
      }
    } throws: { error in
      if case .outcomeUnknown = error as? StoreError { true } else { false }
    }
    try await store.close()
  }

  @Test func aHardLinkIsRefusedAndNoticed() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let other = folder.path("b.db")
    let store = try SQLiteStore(path: path)
    _ = try await store.append(draft())
    try FileManager.default.linkItem(atPath: path, toPath: other)
    await #expect {
      try await store.append(draft())
    } throws: { error in
      if case .unavailable(let text) = error as? StoreError { text.contains("hard links") } else { false }
    }
    for name in [path, other] {
      let error = #expect(throws: SQLiteOpenError.self) { try SQLiteStore(path: name) }
      #expect(error?.reason == .severalNames(FilePath(name)))
    }
    #expect(!FileManager.default.fileExists(atPath: other + "-lock"))
    try FileManager.default.removeItem(atPath: other)
    #expect(try await store.append(draft()).seq == 2)
    try await store.close()
  }

  @Test func aLinkThatIsMovedIsNoticed() async throws {
    let folder = try ScratchFolder()
    let (one, two, link) = (folder.path("one.db"), folder.path("two.db"), folder.path("link.db"))
    for path in [one, two] { try ScratchFolder.write(Data(), path) }
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: one)
    let store = try SQLiteStore(path: link)
    _ = try await store.append(draft())
    try FileManager.default.removeItem(atPath: link)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: two)
    let text = "the database's path leads to another file: \(Self.anew)"
    await #expect(throws: StoreError.unavailable(text)) { try await store.append(draft()) }
    let other = try SQLiteStore(path: link)
    #expect(try await other.append(draft()).seq == 1)
    try await other.close()
    try await store.close()
  }

  @Test func aLogWithoutItsDatabaseIsNotThrownAway() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let aside = folder.path("aside")
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let store = try SQLiteStore(path: path)
      // Who reads since before the message keeps it in the log, however long this process has to wait.
      let reader = try Database(FilePath(path), .readOnly)
      try reader.execute("BEGIN; SELECT count(*) FROM log")
      _ = try await store.append(draft())
      kill(getpid(), SIGKILL)
    }
    for isEmptied in [false, true] {
      try FileManager.default.moveItem(atPath: path, toPath: aside)
      if isEmptied { try ScratchFolder.write(Data(), path) }
      #expect(throws: SQLiteOpenError(FilePath(path), .strayLog(FilePath(path + "-wal")))) {
        try SQLiteStore(path: path)
      }
      #expect(FileManager.default.fileExists(atPath: path) == isEmptied)
      guard rename(aside, path) == 0 else { throw POSIXError(.EIO) }
    }
    let again = try SQLiteStore(path: path)
    #expect(try await again.messages().count == 1)
    try await again.close()
  }
}

import Foundation
import Inbox
import Testing

@testable import SQLiteStore

/// The files that may be used, and the users who may use them.
struct TrustTests {
  private static let path = FilePath("/x/a.db")
  private static let wide = SQLiteOpenError.Reason.exposed(path, mode: "640")

  private static func status(
    owner: UInt32 = 1000, _ mode: UInt32 = 0o600, links: Int = 1, isFile: Bool = true
  ) -> FileStatus {
    FileStatus(
      identity: FileIdentity(device: 1, inode: 1), isFile: isFile, owner: owner, mode: mode, links: links)
  }

  @Test(
    arguments: [
      (1000, status(), nil, nil),
      (1000, status(0o400), nil, nil),
      (1000, status(0o711), nil, nil),
      (1000, status(owner: 1001), .foreignOwner(path), nil),
      (1000, status(owner: 0), .foreignOwner(path), nil),
      (1000, status(0o640), wide, nil),
      (1000, status(0o602), .exposed(path, mode: "602"), nil),
      (1000, status(0o660), .exposed(path, mode: "660"), nil),
      // Root may use anybody's file, but not one that others may change.
      (0, status(), nil, nil),
      (0, status(owner: 0), nil, nil),
      (0, status(0o640), wide, nil),
      // No flag helps here.
      (1000, status(links: 2), .severalNames(path), .severalNames(path)),
      (1000, status(isFile: false), .notAFile, .notAFile),
    ] as [(UInt32, FileStatus, SQLiteOpenError.Reason?, SQLiteOpenError.Reason?)])
  func databases(
    user: UInt32, status: FileStatus, reason: SQLiteOpenError.Reason?, whenShared: SQLiteOpenError.Reason?
  ) {
    #expect(Trust(allowsSharing: false, user: user).objection(toDatabase: status, Self.path) == reason)
    #expect(Trust(allowsSharing: true, user: user).objection(toDatabase: status, Self.path) == whenShared)
  }

  @Test(
    arguments: [
      (1000, 1000, 1000, true), (1000, 1000, 0, false), (1000, 1000, 1001, false),
      (0, 1000, 1000, true), (0, 1000, 0, true), (0, 1000, 1001, false), (0, nil, 1000, false),
      (0, nil, 0, true),
    ] as [(UInt32, UInt32?, UInt32, Bool)])
  func besideTheDatabase(user: UInt32, database: UInt32?, owner: UInt32, isUsed: Bool) {
    let reason = Trust(allowsSharing: false, user: user).objection(
      to: Self.status(owner: owner), Self.path, beside: database)
    #expect(reason == (isUsed ? nil : .foreignOwner(Self.path)))
  }

  @Test(arguments: ["", "-wal", "-shm", "-lock", "-journal"])
  func aFileThatOthersMayReadIsRefusedUnlessThatIsMeant(suffix: String) async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    var store = try SQLiteStore(path: path)
    _ = try await store.append(draft())
    try await store.close()
    if suffix == "-journal" { try ScratchFolder.write(Data(), path + suffix) }
    try ScratchFolder.chmod(path + suffix, 0o644)
    let error = #expect(throws: SQLiteOpenError.self) { try SQLiteStore(path: path) }
    #expect(error?.reason == .exposed(FilePath(path + suffix), mode: "644"))
    #expect(error?.description.contains("chmod 600") == true)
    store = try SQLiteStore(path: path, allowsSharing: true)
    #expect(try await store.append(draft()).seq == 2)
    try await store.close()
    // SQLite creates its own files with the mode of the database.
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.url.path) {
      try ScratchFolder.chmod(folder.path(name), 0o600)
    }
    store = try SQLiteStore(path: path)
    try await store.close()
  }

  @Test func filesThatAreSharedAreAsTheDatabaseIs() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    try ScratchFolder.write(Data(), path)
    try ScratchFolder.chmod(path, 0o660)
    let store = try SQLiteStore(path: path, allowsSharing: true)
    _ = try await store.append(draft())
    for suffix in ["", "-wal", "-shm", "-lock"] {
      #expect(try ScratchFolder.mode(path + suffix) == 0o660, "\(suffix)")
    }
    try await store.close()
  }

  @Test func aLockThatIsALinkIsRefused() throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let target = folder.path("target")
    try ScratchFolder.write(Data("text".utf8), target)
    try FileManager.default.createSymbolicLink(atPath: path + "-lock", withDestinationPath: target)
    #expect(throws: SQLiteOpenError(FilePath(path + "-lock"), .notAFile)) { try SQLiteStore(path: path) }
    #expect(try Data(contentsOf: URL(filePath: target)) == Data("text".utf8))
  }

  @Test func aFileThatIsNoneOfOursIsNotToBeChanged() throws {
    let folder = try ScratchFolder()
    let path = folder.path("notes.txt")
    try ScratchFolder.write(Data("These are notes.".utf8), path)
    try ScratchFolder.chmod(path, 0o644)
    #expect(throws: SQLiteOpenError(FilePath(path), .notADatabase)) { try SQLiteStore(path: path) }
  }
}

import Foundation
import Inbox
import Testing

@testable import SQLiteStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Files that several stores have open, or want to have.
struct SharedFileTests {
  /// All but one are replaced by those of another store: what is left keeps the two apart.
  @Test(arguments: ["", "-wal", "-shm", "-lock"])
  func aFileOfAStoreInUseIsNotUsedByAnother(kept: String) async throws {
    let folder = try ScratchFolder()
    let (path, other) = (folder.path("a.db"), folder.path("b.db"))
    let second = try SQLiteStore(path: other)
    _ = try await second.append(draft("second"))
    try await second.close()
    let store = try SQLiteStore(path: path)
    _ = try await store.append(draft("first"))
    for suffix in ["", "-wal", "-shm", "-lock"] where suffix != kept {
      guard rename(other + suffix, path + suffix) == 0 else { throw POSIXError(.EIO) }
    }
    await #expect(processExitsWith: .success) { [path = path as String] in
      do throws(SQLiteOpenError) {
        let store = try SQLiteStore(path: path)
        preconditionFailure("\(store) was opened")
      } catch {
        precondition(error.reason == .usedOtherwise, "\(error)")
      }
    }
    try await store.close()
    guard kept != "" else { return }
    let again = try SQLiteStore(path: path)
    #expect(try await again.messages().map(\.body.content) == ["second"])
    try await again.close()
  }

  @Test func aStoreThatClosesLeavesTheLocksOfTheOthers() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    _ = try await store.append(draft())
    for _ in 0..<3 { try await SQLiteStore(path: path).close() }
    // If the locks of this process were gone, SQLite in another process would be the last to close the file,
    // and would remove its log.
    await #expect(processExitsWith: .success) { [path = path as String] in
      try TestDatabase.execute(path, "SELECT 1 FROM log")
    }
    #expect(FileManager.default.fileExists(atPath: path + "-wal"))
    #expect(try await store.append(draft()).seq == 2)
    try await store.close()
  }
}

import Foundation
import Inbox
import Locks
import Testing

@testable import SQLiteStore

/// Copies of a file that others write to.
struct BackupTests {
  @Test func aCopyIsOfOneMomentWhileOthersWrite() async throws {
    let folder = try ScratchFolder()
    let (path, target) = (folder.path("a.db"), folder.path("copy.db"))
    let stores = [try SQLiteStore(path: path), try SQLiteStore(path: path)]
    for n in 1...300 { _ = try await stores[0].append(draft(String(repeating: "text \(n) ", count: 200))) }
    let before = try await stores[0].messages().count
    let steps = Locked(0)
    let isDone = Locked(false)
    let backup = try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, store) in stores.enumerated() {
        group.addTask {
          var n = 0
          while !isDone.withLock({ $0 }) {
            n += 1
            _ = try await store.append(draft("more \(index) \(n)"), to: [team, bob.own], progress: nil)
          }
        }
      }
      let result: Result<SQLiteStore.Backup, any Error>
      do {
        result = .success(
          try await stores[0].backup(to: FilePath(target), .test) { done, all in
            steps.withLock { $0 += 1 }
            #expect(done <= all)
          })
      } catch {
        result = .failure(error)
      }
      isDone.withLock { $0 = true }
      try await group.waitForAll()
      return try result.get()
    }
    #expect(steps.withLock { $0 } > 0)
    #expect(backup.verdict.faults.isEmpty && backup.verdict.messages >= before)
    #expect(try ScratchFolder.mode(target) == 0o600)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path("")).allSatisfy {
        !$0.contains("partial")
      })
    for store in stores { try await store.close() }
    let copy = try SQLiteStore(path: target)
    // Both logs of each append are from the same moment.
    let (shared, own) = (try await copy.messages(), try await copy.messages(of: bob.own))
    #expect(shared.count >= before && shared.count - 300 == own.count)
    #expect(try await copy.verify().isEmpty)
    try await copy.close()
  }

  @Test func nothingIsOverwritten() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    _ = try await store.append(draft())
    try ScratchFolder.write(Data("mine".utf8), folder.path("copy.db"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link.db"), withDestinationPath: folder.path("nowhere"))
    for name in ["a.db", "copy.db", "link.db"] {
      await #expect(throws: BackupError.self) {
        _ = try await store.backup(to: FilePath(folder.path(name)), .test)
      }
    }
    #expect(try Data(contentsOf: URL(filePath: folder.path("copy.db"))) == Data("mine".utf8))
    await #expect(throws: BackupError.self) {
      _ = try await store.backup(to: FilePath(folder.path("no folder/copy.db")), .test)
    }
    try await store.close()
  }

  @Test func whatAKilledProcessLeftIsWrittenOver() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    _ = try await store.append(draft())
    for beside in ["", "-wal", "-shm"] {
      try ScratchFolder.write(Data(repeating: 1, count: 100_000), folder.path("copy.db.partial" + beside))
    }
    let target = FilePath(folder.path("copy.db"))
    let other = try PartialFile(for: target)
    await #expect(throws: BackupError.underWay(target)) { _ = try await store.backup(to: target, .test) }
    withExtendedLifetime(other) {}
    try await store.close()
  }

  @Test func aFileWithFaultsIsNotCopied() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    var store = try SQLiteStore(path: path)
    for n in 1...3 { _ = try await store.append(draft("\(n)")) }
    try await store.close()
    try TestDatabase.execute(path, "DELETE FROM message WHERE position & 4294967295 = 2")
    store = try SQLiteStore(path: path)
    let backup = try await store.backup(to: FilePath(folder.path("copy.db")), .test)
    #expect(backup.verdict.faults.counts == [.hole: 1])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path("")).allSatisfy { $0.hasPrefix("a.db") }
    )
    _ = try await store.verify(repairs: true)
    #expect(try await store.backup(to: FilePath(folder.path("copy.db")), .test).verdict.faults.isEmpty)
    try await store.close()
  }
}

import CSQLite
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

/// A shortage of the system's resources ends in a sentence.
struct ShortageTests {
  @Test(
    arguments: [
      (SQLITE_FULL, 0, "the disk that holds the database is full: free some space"),
      (SQLITE_IOERR | (3 << 8), ENOSPC, "the disk that holds the database is full: free some space"),
      (SQLITE_IOERR | (3 << 8), EFBIG, "the limit on the size of files is reached: raise it (ulimit -f)"),
      (SQLITE_IOERR | (3 << 8), EDQUOT, "the quota of disk space is used up: free some space"),
      (SQLITE_IOERR | (19 << 8), ENOSPC, "the disk that holds the database is full: free some space"),
      (SQLITE_CANTOPEN, EMFILE, "too many files are open: raise the limit (ulimit -n)"),
      (SQLITE_CANTOPEN, ENFILE, "too many files are open: raise the limit (ulimit -n)"),
    ] as [(Int32, Int32, String)])
  func aShortageIsSaid(code: Int32, errno: Int32, sentence: String) {
    let failure = SQLiteError(code, errno: errno)
    #expect(failure.error == .unavailable(sentence))
    // Bytes that were not written are not a commit; any other failure may be a commit of which nobody knows.
    let isWrite = failure.primary == SQLITE_FULL || code == SQLITE_IOERR | (3 << 8)
    #expect(failure.commitError == (isWrite ? .unavailable(sentence) : .outcomeUnknown(sentence)))
    let path = FilePath("a.db")
    #expect(SQLiteOpenError(path, failure) == SQLiteOpenError(path, .failed(sentence)))
  }

  @Test func fewDescriptorsAreASentence() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    try await SQLiteStore(path: path).close()
    await #expect(processExitsWith: .success) { [path = path as String] in
      // As many descriptors as are open, then one more each time, until a store opens.
      var refused = 0
      for spare in 0...64 {
        var limit = rlimit()
        getrlimit(ShortageTests.openFiles, &limit)
        let next = dup(0)
        close(next)
        limit.rlim_cur = rlim_t(Int(next) + spare)
        precondition(setrlimit(ShortageTests.openFiles, &limit) == 0)
        do {
          let store = try SQLiteStore(path: path)
          _ = try await store.append(draft())
          try await store.close()
          precondition(refused > 0)
          return
        } catch let error as SQLiteOpenError {
          refused += 1
          let isSaid = error.reason == .failed("too many files are open: raise the limit (ulimit -n)")
          precondition(isSaid, "\(spare): \(error)")
        }
      }
      preconditionFailure("no store opened")
    }
  }

  #if canImport(Glibc)
    private static var openFiles: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
    // RLIMIT_NPROC, a name that Swift doesn't see on Linux.
    private static var processes: __rlimit_resource_t { __rlimit_resource_t(6) }
  #else
    private static var openFiles: Int32 { RLIMIT_NOFILE }
    private static var processes: Int32 { RLIMIT_NPROC }
  #endif

  @Test(.enabled(if: geteuid() == 0, "only root can become a user without other processes"))
  func fewThreadsAreASentence() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let user: uid_t = 65_533
    try #require(chown(folder.url.path, user, user) == 0)
    await #expect(processExitsWith: .success) { [path = path as String, user = user as uid_t] in
      precondition(setgid(user) == 0 && setuid(user) == 0)
      var refused = 0
      for count in 1...200 {
        var limit = rlimit(rlim_cur: rlim_t(count), rlim_max: 200)
        precondition(setrlimit(ShortageTests.processes, &limit) == 0)
        do {
          let store = try SQLiteStore(path: path)
          _ = try await store.append(draft())
          try await store.close()
          precondition(refused > 0)
          return
        } catch let error as SQLiteOpenError {
          refused += 1
          let isSaid =
            error.reason == .failed("the system has no thread to give: raise its limit (ulimit -u)")
          precondition(isSaid, "\(count): \(error)")
        }
      }
      preconditionFailure("no store opened")
    }
  }
}

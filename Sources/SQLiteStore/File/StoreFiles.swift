import Inbox
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The files that a store has open. A file that was removed or replaced can still be written by a process
/// that has it open, and nobody would ever read it: acknowledged changes must be in the files with these
/// names.
final class StoreFiles: Sendable {
  private let file: DatabaseFile
  private let database: FileIdentity
  private let log: FileIdentity
  private let index: FileIdentity
  private let lock: FileIdentity
  /// The time until which reads assume that the files are unchanged, in nanoseconds of the monotonic clock.
  private let believedUntil = Atomic<UInt64>(0)

  init(
    _ file: DatabaseFile, database: FileIdentity, log: FileIdentity, index: FileIdentity, lock: FileIdentity
  ) {
    self.file = file
    self.database = database
    self.log = log
    self.index = index
    self.lock = lock
  }

  /// The identities of the files, in an order that is the same in every process.
  var all: [FileIdentity] { [database, log, index, lock] }

  /// The state of the files.
  enum State: Hashable {
    /// All files are in place; the status is that of the write-ahead log.
    case whole(FileStatus)
    /// New writes may be lost. Earlier ones can still be moved into the database, since all processes that
    /// have it open have the same files; `saved` tells how much of the log. Nil if another program has begun
    /// its own log.
    case changed(String, saved: Database.Checkpoint?)
  }

  /// Looks at the files now.
  func look() -> State {
    let found = FileStatus(file.walPath)
    let problem = problem(found)
    if let found, problem == nil { return .whole(found) }
    if let found, found.identity != log, found.size > 0 {
      return .changed(problem ?? Self.logIsGone, saved: nil)
    }
    // A log that is left beside another database must be empty: it would be read into that one. A log with
    // another index is left unchanged, since the process that made that index may read it.
    let isOthers = FileStatus(file.canonicalPath)?.identity != database
    let hasIndex = FileStatus(file.shmPath).map { $0.identity == index } ?? true
    return .changed(problem ?? Self.logIsGone, saved: isOthers || hasIndex ? .all : .some)
  }

  private static let logIsGone = "the database's -wal file was removed or replaced"

  private func problem(_ found: FileStatus?) -> String? {
    guard let status = FileStatus(file.canonicalPath), status.identity == database else {
      return "the database was removed or replaced"
    }
    guard status.links == 1 else { return "the database has several names (hard links)" }
    if file.path != file.canonicalPath, FileStatus(file.path, followsLinks: true)?.identity != database {
      return "the database's path leads to another file"
    }
    guard FileStatus(file.lockPath)?.identity == lock else {
      return "the database's -lock file was removed or replaced"
    }
    guard found?.identity == log else { return Self.logIsGone }
    guard FileStatus(file.shmPath)?.identity == index else {
      return "the database's -shm file was removed or replaced"
    }
    return nil
  }

  /// Looks at the files now, and returns the status of the write-ahead log. Throws `unavailable` if the files
  /// were changed.
  func check() throws(StoreError) -> FileStatus {
    switch look() {
    case .whole(let log): return log
    case .changed(let what, _):
      believedUntil.store(0, ordering: .relaxed)
      throw .unavailable("\(what): end every program that uses it, and start anew")
    }
  }

  /// Checks the files, unless a check within the last tenth of a second found them unchanged.
  func checkNowAndThen() throws(StoreError) {
    let now = Self.now
    guard now >= believedUntil.load(ordering: .relaxed) else { return }
    _ = try check()
    believedUntil.store(now + 100_000_000, ordering: .relaxed)
  }

  private static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

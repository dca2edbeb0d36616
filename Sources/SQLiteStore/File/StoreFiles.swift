import Inbox
import LibC
import Locks
import Synchronization

/// The files that a store has open. One that was removed or replaced can still be written by who has it open,
/// and nobody would ever read it: what is acknowledged has to be in the files of these names. Nor may others have
/// cut them off or written over them.
final class StoreFiles: Sendable {
  private let database: Known
  private let log: Known
  private let index: Known
  private let lock: Known
  /// The name that was given, if it is another one.
  private let link: FilePath?
  /// Until when reads believe that all is as it was, in nanoseconds of the monotonic clock.
  private let believedUntil = Atomic<UInt64>(0)
  /// The database's file when it was last seen at rest.
  private let rest = Locked<Rest?>(nil)

  /// A file, and how to look at it.
  struct Known: Sendable {
    var path: FilePath
    var identity: FileIdentity
    /// Its claim's, which stays open until no thread of the store looks any more.
    var descriptor: Int32
  }

  private struct Rest: Hashable {
    var state: LogIndex.Resting
    var size: Int
    var changed: FileStatus.Time
  }

  init(_ file: DatabaseFile, database: Known, log: Known, index: Known, lock: Known) {
    self.database = database
    self.log = log
    self.index = index
    self.lock = lock
    link = file.path == file.canonicalPath ? nil : file.path
  }

  /// Which files they are, in an order that is the same in every process.
  var all: [FileIdentity] { [database, log, index, lock].map(\.identity) }

  /// The state of the files.
  enum State: Hashable {
    /// All files are in place; the status is that of the write-ahead log.
    case whole(FileStatus)
    /// What is written now may be lost. What was written before can still be moved into the database, for all
    /// who have it open have the same files: so much of it. Nil if another program has begun a log of its own,
    /// or has written over one of the files.
    case changed(String, saved: Database.Checkpoint?)
  }

  /// Looks at the files now.
  func look() -> State {
    let before = LogIndex(descriptor: index.descriptor)
    let found = (
      database: FileStatus(database.path), log: FileStatus(log.path), index: FileStatus(index.path)
    )
    if let problem = missing(found) {
      if let log = found.log, log.identity != self.log.identity, log.size > 0 {
        return .changed(problem, saved: nil)
      }
      // SQLite reads what it maps of the index.
      if let status = FileStatus(descriptor: index.descriptor), status.size < LogIndex.smallestFile {
        return .changed(problem, saved: nil)
      }
      // A log that is left beside another database must be empty: it would be read into that. One with another
      // index is left as it is, since whoever made that one may read it.
      let isOthers = found.database?.identity != database.identity
      let hasIndex = found.index.map { $0.identity == index.identity } ?? true
      return .changed(problem, saved: isOthers || hasIndex ? .all : .some)
    }
    guard let database = found.database, let log = found.log, let index = found.index else {
      return .changed(Self.logIsGone, saved: nil)
    }
    if let problem = overwritten(before, database, log, index) { return .changed(problem, saved: nil) }
    return .whole(log)
  }

  private static let logIsGone = "the database's -wal file was removed or replaced"

  /// Which of the names does not lead to its file any more.
  private func missing(
    _ found: (database: FileStatus?, log: FileStatus?, index: FileStatus?)
  ) -> String? {
    guard let status = found.database, status.identity == database.identity else {
      return "the database was removed or replaced"
    }
    guard status.links == 1 else { return "the database has several names (hard links)" }
    if let link, FileStatus(link, followsLinks: true)?.identity != database.identity {
      return "the database's path leads to another file"
    }
    guard FileStatus(lock.path)?.identity == lock.identity else {
      return "the database's -lock file was removed or replaced"
    }
    guard found.log?.identity == log.identity else { return Self.logIsGone }
    guard found.index?.identity == index.identity else {
      return "the database's -shm file was removed or replaced"
    }
    return nil
  }

  /// Which of the files was cut off or written over by who is not SQLite, as with `cp` of a backup. `before` is the
  /// index before the files were looked at.
  private func overwritten(
    _ before: LogIndex?, _ database: FileStatus, _ log: FileStatus, _ index: FileStatus
  ) -> String? {
    guard index.size >= LogIndex.smallestFile else { return "the database's -shm file was cut off" }
    let salt = LogIndex.salt(ofLog: self.log.descriptor)
    // While somebody writes, what was found may not belong together: there will be another look.
    guard let before, before == LogIndex(descriptor: self.index.descriptor) else { return nil }
    if before.committed > 0, log.size < before.committed || salt != before.salt {
      return "the database's -wal file was cut off or written over"
    }
    guard let state = before.resting else {
      rest.withLock { $0 = nil }
      return nil
    }
    let now = Rest(state: state, size: database.size, changed: database.changed)
    return rest.withLock { last in
      if let last, last.state == state, last != now { return "the database was written over" }
      last = now
      return nil
    }
  }

  /// Looks now, and returns what the write-ahead log is. Throws `unavailable` if the files are not what they
  /// were.
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

import Inbox
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The files that a store has open. One that was removed or replaced can still be written by who has it open,
/// and nobody would ever read it: what is acknowledged has to be in the files of these names.
final class StoreFiles: Sendable {
  private let file: DatabaseFile
  private let database: FileIdentity
  private let log: FileIdentity
  private let index: FileIdentity
  private let lock: FileIdentity
  /// Until when reads believe that all is as it was, in nanoseconds of the monotonic clock.
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

  /// Which files they are, in an order that is the same in every process.
  var all: [FileIdentity] { [database, log, index, lock] }

  /// What became of the files.
  enum State: Hashable {
    /// All are there; this is the write-ahead log.
    case whole(FileStatus)
    /// What is written now may be lost. What was written can still be moved into the database, for all who have
    /// it open have the same files, unless another program has begun a log of its own.
    case changed(String, canBeSaved: Bool)
  }

  /// Looks now.
  func look() -> State {
    let found = FileStatus(file.walPath)
    let problem = problem(found)
    if let found, problem == nil { return .whole(found) }
    let isOurs = found.map { $0.identity == log || $0.size == 0 } ?? true
    return .changed(problem ?? Self.logIsGone, canBeSaved: isOurs)
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

  /// Looks now, and returns what the write-ahead log is. Throws `unavailable` if the files are not what they were.
  func check() throws(StoreError) -> FileStatus {
    switch look() {
    case .whole(let log): return log
    case .changed(let what, _):
      believedUntil.store(0, ordering: .relaxed)
      throw .unavailable("\(what): end every program that uses it, and start anew")
    }
  }

  /// Looks, unless somebody did within a tenth of a second and found all as it was.
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

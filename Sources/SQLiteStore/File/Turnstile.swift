import Inbox

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Lets one of many processes write at a time, and lets none of them starve: who wants to write first passes
/// a gate, and waits for the writer before it inside. SQLite's own lock goes to whoever happens to ask when
/// it is free; beside a busy writer that may be never.
///
/// Two bytes of a file beside the database are locked, by open file description, so that two stores in one
/// process keep one another out too. The system unlocks them when the process ends, however it ends.
final class Turnstile: Sendable {
  private let descriptor: Int32
  private let path: FilePath
  /// Whether this one made the file.
  private let isNew: Bool

  private enum Lock: off_t {
    case gate = 0
    case write = 1
  }

  /// Opens the file, which is made if it does not exist.
  init(_ file: DatabaseFile) throws(SQLiteOpenError) {
    path = file.lockPath
    let made = path.withCString { open($0, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
    isNew = made >= 0
    descriptor = isNew ? made : path.withCString { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }
    guard descriptor >= 0 else { throw SQLiteOpenError(file.path, errno: errno) }
  }

  /// Whether the file that is locked still has its name.
  var isCurrent: Bool {
    var (mine, named) = (stat(), stat())
    return fstat(descriptor, &mine) == 0 && path.withCString({ stat($0, &named) }) == 0
      && mine.st_dev == named.st_dev
      && mine.st_ino == named.st_ino
  }

  /// Removes the file if this one made it. Only with a turn: who waits for one then finds that it is gone.
  func removeIfNew() {
    // What can't be removed is an empty file that does no harm.
    if isNew { _ = path.withCString { unlink($0) } }
  }

  deinit {
    // Nothing is written to the file: closing it can't lose anything.
    _ = close(descriptor)
  }

  /// Waits for its turn.
  func enter(_ backoff: inout Backoff) throws(StoreError) {
    while !(try lock(.gate)) {
      guard backoff.pause() else { throw .noTurn }
    }
    defer { unlock(.gate) }
    while !(try lock(.write)) {
      guard backoff.pauseBriefly() else { throw .noTurn }
    }
  }

  /// Ends the turn.
  func leave() {
    unlock(.write)
  }

  /// False if another process has it.
  private func lock(_ lock: Lock) throws(StoreError) -> Bool {
    if set(lock, F_WRLCK) == 0 { return true }
    switch errno {
    case EAGAIN, EACCES, EINTR: return false
    case let code: throw .unavailable("the lock of the database failed: \(String(cString: strerror(code)))")
    }
  }

  private func unlock(_ lock: Lock) {
    // Fails only for a descriptor that is not open.
    _ = set(lock, F_UNLCK)
  }

  private func set(_ lock: Lock, _ type: Int32) -> Int32 {
    var range = flock()
    range.l_type = Int16(type)
    range.l_whence = Int16(SEEK_SET)
    range.l_start = lock.rawValue
    range.l_len = 1
    return fcntl(descriptor, Self.setLock, &range)
  }

  /// F_OFD_SETLK, a macro that Swift doesn't see on Linux.
  #if canImport(Darwin)
    private static let setLock: Int32 = 90
  #else
    private static let setLock: Int32 = 37
  #endif
}

extension StoreError {
  fileprivate static let noTurn = StoreError.unavailable(
    "other processes keep the database busy: try again, or end the one that hangs")
}

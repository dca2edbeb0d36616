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
/// Two bytes of a file beside the database are locked.
final class Turnstile: Sendable {
  private let descriptor: Int32
  private let path: FilePath
  /// Whether this one made the file.
  private let isNew: Bool
  let lock: RecordLock

  private static let gate: Int64 = 0
  private static let write: Int64 = 1

  /// Opens the file. One that does not exist is made: its owner's only, or as the database is.
  init(_ file: DatabaseFile) throws(SQLiteOpenError) {
    path = file.lockPath
    let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
    let made = path.withCString { open($0, flags | O_EXCL, 0o600) }
    isNew = made >= 0
    descriptor = isNew ? made : path.withCString { open($0, flags, 0o600) }
    lock = RecordLock(descriptor: descriptor)
    guard descriptor >= 0 else {
      throw errno == ELOOP ? SQLiteOpenError(path, .notAFile) : SQLiteOpenError(file.path, errno: errno)
    }
    if isNew { adapt(to: file) }
  }

  /// Who may open the database may take turns, as with the files that SQLite makes.
  private func adapt(to file: DatabaseFile) {
    guard let database = FileStatus(file.canonicalPath) else { return }
    // What fails leaves the file narrower than it may be: others are told that they can't open it.
    if geteuid() == 0 { _ = fchown(descriptor, database.owner, database.group) }
    if file.trust.allowsSharing { _ = fchmod(descriptor, mode_t(database.mode & 0o666)) }
  }

  /// What the system says of the file; nil if it can't.
  var status: FileStatus? { FileStatus(descriptor: descriptor) }

  /// Whether the file that is locked still has its name.
  var isCurrent: Bool {
    guard let status else { return false }
    return FileStatus(path)?.identity == status.identity
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
    while !(try take(Self.gate)) {
      guard backoff.pause() else { throw .noTurn }
    }
    defer { release(Self.gate) }
    while !(try take(Self.write)) {
      guard backoff.pauseBriefly() else { throw .noTurn }
    }
  }

  /// Takes its turn if nobody has it or waits for it.
  func enterIfFree() throws(StoreError) -> Bool {
    guard try take(Self.gate) else { return false }
    defer { release(Self.gate) }
    return try take(Self.write)
  }

  /// Ends the turn.
  func leave() { release(Self.write) }

  /// False if another process has it.
  private func take(_ byte: Int64) throws(StoreError) -> Bool {
    do {
      return try lock.lock(byte, .exclusive)
    } catch {
      throw .unavailable("the lock of the database failed: \(error.text)")
    }
  }

  private func release(_ byte: Int64) { lock.unlock(byte..<byte + 1) }
}

extension StoreError {
  fileprivate static let noTurn = StoreError.unavailable(
    "other processes keep the database busy: try again, or end the one that hangs")
}

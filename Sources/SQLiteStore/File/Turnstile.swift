import Inbox
import LibC
import Runtime

/// Lets one of many processes write at a time, and lets none of them starve: a process that wants to write
/// first passes a gate, and waits behind it for the present writer. SQLite's own lock goes to the process
/// that happens to ask when it is free; beside a busy writer that may be never.
///
/// The turnstile locks the first two bytes of a file beside the database.
final class Turnstile: Sendable {
  private let descriptor: Int32
  private let path: FilePath
  /// Whether this turnstile created the file.
  private let isNew: Bool
  let lock: RecordLock

  private static let gate: Int64 = 0
  private static let write: Int64 = 1

  /// Opens the file. If it does not exist, it is created: with access for its owner only, or as the database
  /// has it.
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

  /// Lets the users who may open the database take turns too, as with the files that SQLite makes.
  private func adapt(to file: DatabaseFile) {
    guard let database = FileStatus(file.canonicalPath) else { return }
    // A failure leaves the file with narrower access: other users are then told that they can't open it.
    if geteuid() == 0 { _ = fchown(descriptor, database.owner, database.group) }
    if file.trust.allowsSharing { _ = fchmod(descriptor, mode_t(database.mode & 0o666)) }
  }

  /// The status of the file; nil if the system can't tell it.
  var status: FileStatus? { FileStatus(descriptor: descriptor) }

  /// Whether the locked file still has its name.
  var isCurrent: Bool {
    guard let status else { return false }
    return FileStatus(path)?.identity == status.identity
  }

  /// Removes the file if this turnstile created it. Only to be called with a turn: a process that waits for
  /// one then finds the file gone.
  func removeIfNew() {
    // If it can't be removed, an empty file remains, which does no harm.
    if isNew { _ = path.withCString { unlink($0) } }
  }

  deinit {
    // Only hints are written to the file (`CommitRing`), so closing it can't lose anything.
    _ = close(descriptor)
  }

  /// Waits for a turn.
  func enter(_ backoff: inout Backoff) throws(StoreError) {
    while !(try take(Self.gate)) {
      guard backoff.pause() else { throw .noTurn }
    }
    defer { release(Self.gate) }
    while !(try take(Self.write)) {
      guard backoff.pauseBriefly() else { throw .noTurn }
    }
  }

  /// Takes a turn if no other process has it or waits for it.
  func enterIfFree() throws(StoreError) -> Bool {
    guard try take(Self.gate) else { return false }
    defer { release(Self.gate) }
    return try take(Self.write)
  }

  /// Ends the turn.
  func leave() { release(Self.write) }

  /// Locks a byte; false if another process has it.
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

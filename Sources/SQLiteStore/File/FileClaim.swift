import CSystem
import LibC
import Locks
import Runtime

/// A claim on one of a store's files, whatever its name: it says which files are used together, and keeps out
/// processes that would use the file with others. That happens under a second name in another folder (a bind
/// mount), or after one of the files was removed while a process still has it open.
///
/// The claim is a shared lock on one byte, far beyond those that SQLite locks. The byte's place is computed
/// from the files: all processes that use the same files share it, and a lock on any other byte is a
/// contradicting claim.
final class FileClaim: Sendable {
  /// Open as long as the claim lives.
  let descriptor: Int32
  private let status: FileStatus
  var lock: RecordLock { RecordLock(descriptor: descriptor) }

  // The byte before the claims is held by the process that is about to claim.
  private static let first: Int64 = 1 << 61
  private static let places: Int64 = 1 << 60
  /// The range of the claims' bytes.
  static var all: Range<Int64> { first..<first + places }

  /// Opens an existing file.
  init(_ path: FilePath) throws(SystemError) {
    descriptor = path.withCString { open($0, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw SystemError(errno) }
    guard let status = FileStatus(descriptor: descriptor) else {
      let code = errno
      _ = close(descriptor)
      throw SystemError(code)
    }
    self.status = status
    Self.inUse.withLock { $0[status.identity, default: Descriptors()].users += 1 }
  }

  deinit {
    // Closing a descriptor of a file drops all locks that SQLite's connections in this process hold on it:
    // the last claim closes all descriptors.
    lock.unlock(Self.first - 1..<Self.all.upperBound)
    let unused = Self.inUse.withLock { open -> [Int32] in
      var entry = open[status.identity, default: Descriptors(users: 1)]
      entry.users -= 1
      entry.parked.append(descriptor)
      open[status.identity] = entry.users == 0 ? nil : entry
      return entry.users == 0 ? entry.parked : []
    }
    for descriptor in unused { _ = close(descriptor) }
  }

  /// The descriptors of a file in this process.
  private struct Descriptors: Sendable {
    var users = 0
    /// Descriptors that are no longer used, but must not be closed yet.
    var parked: [Int32] = []
  }

  private static let inUse = Locked<[FileIdentity: Descriptors]>([:])

  /// The status of the file when it was opened.
  var file: FileStatus { status }

  /// Whether it is mounted by itself: its log is then not with the one that another name has, or may outlive it.
  var isMount: Bool { tidings_is_mount(descriptor) != 0 }

  /// Why the file is no database of ours, as its first bytes say; nil if it may be one.
  var isForeign: SQLiteOpenError.Reason? {
    var header = [UInt8](repeating: 0, count: 72)
    let count = pread(descriptor, &header, header.count, 0)
    guard count > 0 else { return nil }
    guard header.starts(with: "SQLite format 3\0".utf8) else { return .notADatabase }
    let application = header[68..<72].reduce(0) { $0 << 8 | Int($1) }
    return application == 0 || application == DatabaseSchema.applicationID ? nil : .otherProgram
  }

  /// Waits until no other process is about to claim, under any name of the file. False if the time is up.
  func begin(_ backoff: inout Backoff) throws(SystemError) -> Bool {
    while !(try lock.lock(Self.first - 1, .exclusive)) {
      guard backoff.pause() else { return false }
    }
    return true
  }

  /// Releases the claim, once the connections are closed.
  func release() { lock.unlock(Self.all) }

  /// Lets the next process claim.
  func end() { lock.unlock(Self.first - 1..<Self.first) }
}

extension RecordLock {
  /// Whether another process uses the file with files other than these. `files` is nil if one of them is
  /// missing.
  func isClaimed(againstAllBut files: [FileIdentity]?) throws(SystemError) -> Bool {
    guard let files else { return try isLocked(FileClaim.all) }
    let place = FileClaim.place(of: files)
    if try isLocked(FileClaim.all.lowerBound..<place) { return true }
    return try isLocked(place + 1..<FileClaim.all.upperBound)
  }

  /// Claims that the file is used with these. False if another process uses it with others.
  func claim(_ files: [FileIdentity]) throws(SystemError) -> Bool {
    // Shared locks exclude no other claim: this one fails only for a reason that the next check would find.
    guard try lock(FileClaim.place(of: files), .shared) else { return false }
    return try !isClaimed(againstAllBut: files)
  }
}

extension FileClaim {
  /// The byte for a claim on these files.
  fileprivate static func place(of files: [FileIdentity]) -> Int64 {
    first + Int64(hash(of: files) % UInt64(places))
  }

  /// The FNV-1a hash: the same in every process.
  private static func hash(of files: [FileIdentity]) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for file in files {
      for word in [file.device, file.inode] {
        for shift in stride(from: 0, to: 64, by: 8) {
          hash = (hash ^ (word >> UInt64(shift)) & 0xFF) &* 0x100_0000_01B3
        }
      }
    }
    return hash
  }
}

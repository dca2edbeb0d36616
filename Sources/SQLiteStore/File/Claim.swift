import CSystem
import Locks

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Says on a file of a store, whatever its name, which files are used with it; and keeps out who would use it
/// with others: under a second name in another folder (a bind mount), or after one of them was removed while
/// a process still has it open.
///
/// The claim is a shared lock on one byte, far beyond any that SQLite locks, whose place is computed from
/// those files: all who use the same ones share it, and a lock on any other byte is a claim that contradicts.
final class Claim: Sendable {
  /// Open as long as the claim lives.
  let descriptor: Int32
  private let status: FileStatus
  var lock: RecordLock { RecordLock(descriptor: descriptor) }

  // The byte before the claims is held by who is about to claim.
  private static let first: Int64 = 1 << 61
  private static let places: Int64 = 1 << 60
  /// Where claims lie.
  static var all: Range<Int64> { first..<first + places }

  /// Opens a file that exists.
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
    // Closing a file's descriptor drops the locks that SQLite holds on it for any connection in this process:
    // the last one closes them all.
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
    /// No longer used, but not to be closed yet.
    var parked: [Int32] = []
  }

  private static let inUse = Locked<[FileIdentity: Descriptors]>([:])

  /// The file as it was when it was opened.
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
    return application == 0 || application == Schema.applicationID ? nil : .otherProgram
  }

  /// Waits until nobody else is about to claim, whatever name they know the file by. False if the time is up.
  func begin(_ backoff: inout Backoff) throws(SystemError) -> Bool {
    while !(try lock.lock(Self.first - 1, .exclusive)) {
      guard backoff.pause() else { return false }
    }
    return true
  }

  /// Lets the next one claim.
  func end() { lock.unlock(Self.first - 1..<Self.first) }
}

extension RecordLock {
  /// Whether another process uses the file with others than these; nil for files of which one is missing.
  func isClaimed(againstAllBut files: [FileIdentity]?) throws(SystemError) -> Bool {
    guard let files else { return try isLocked(Claim.all) }
    let place = Claim.place(of: files)
    if try isLocked(Claim.all.lowerBound..<place) { return true }
    return try isLocked(place + 1..<Claim.all.upperBound)
  }

  /// Claims that the file is used with these. False if another process uses it with others.
  func claim(_ files: [FileIdentity]) throws(SystemError) -> Bool {
    // Shared locks exclude nobody: this one fails only for what the next look would find.
    guard try lock(Claim.place(of: files), .shared) else { return false }
    return try !isClaimed(againstAllBut: files)
  }
}

extension Claim {
  /// Where those who use these files claim them.
  fileprivate static func place(of files: [FileIdentity]) -> Int64 {
    first + Int64(hash(of: files) % UInt64(places))
  }

  /// FNV-1a: the same in every process.
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

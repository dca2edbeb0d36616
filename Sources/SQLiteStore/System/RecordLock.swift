import LibC

/// Locks on bytes of an open file; the bytes need not exist in it. The locks belong to the open file
/// description, so two stores in one process also keep each other out. The system releases them when the
/// process ends, however it ends.
struct RecordLock {
  let descriptor: Int32

  enum Kind {
    /// A lock beside which others may hold shared ones.
    case shared
    case exclusive
  }

  /// Locks a byte. False if another lock is in the way or the system was interrupted; throws the system's
  /// other errors.
  func lock(_ byte: Int64, _ kind: Kind) throws(SystemError) -> Bool {
    if call(Self.set, byte..<byte + 1, kind == .shared ? F_RDLCK : F_WRLCK) != nil { return true }
    switch errno {
    case EAGAIN, EACCES, EINTR: return false
    case let code: throw SystemError(code)
    }
  }

  func unlock(_ bytes: Range<Int64>) {
    // This fails only for a descriptor that is not open.
    _ = call(Self.set, bytes, F_UNLCK)
  }

  /// Whether another holder has a lock on any of these bytes.
  func isLocked(_ bytes: Range<Int64>) throws(SystemError) -> Bool {
    guard !bytes.isEmpty else { return false }
    guard let found = call(Self.get, bytes, F_WRLCK) else { throw SystemError(errno) }
    return found.l_type != Int16(F_UNLCK)
  }

  /// Calls `fcntl`; nil if the call failed, for the reason in `errno`.
  private func call(_ command: Int32, _ bytes: Range<Int64>, _ type: some BinaryInteger) -> flock? {
    var range = flock()
    range.l_type = Int16(type)
    range.l_whence = Int16(SEEK_SET)
    range.l_start = off_t(bytes.lowerBound)
    range.l_len = off_t(bytes.count)
    return fcntl(descriptor, command, &range) == 0 ? range : nil
  }

  /// F_OFD_SETLK and F_OFD_GETLK, macros that Swift doesn't see on Linux.
  #if canImport(Darwin)
    private static let set: Int32 = 90
    private static let get: Int32 = 92
  #else
    private static let set: Int32 = 37
    private static let get: Int32 = 36
  #endif
}

/// An error number of the system.
struct SystemError: Error {
  let code: Int32

  init(_ code: Int32) { self.code = code }

  var text: String { Shortage.text(code) ?? String(cString: strerror(code)) }
}

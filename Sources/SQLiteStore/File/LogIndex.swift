import LibC

/// What SQLite's `-shm` file says of the write-ahead log, to all who have it open: the part of its format that
/// SQLite's documentation fixes ("WAL-mode file format").
struct LogIndex: Hashable {
  /// How many bytes of the log hold what is committed; 0 for one that begins anew with the next change.
  var committed: Int
  /// Chosen anew each time the log begins anew, and written in its header.
  var salt: UInt64
  /// How many pages of the log are in the database.
  var folded: UInt32
  /// How many were to be, by the last who began to fold.
  var attempted: UInt32

  /// Which state of the database's file this is; nil while some of the log may be half folded.
  var resting: Resting? { folded == attempted ? Resting(salt: salt, folded: folded) : nil }

  /// SQLite writes the database's file only between two of these.
  struct Resting: Hashable {
    var salt: UInt64
    var folded: UInt32
  }

  /// SQLite maps no less of the file: it must not be touched when it is shorter.
  static let smallestFile = 32768

  /// Two copies of a header of 48 bytes, then what is folded.
  private static let size = 132

}

extension LogIndex {
  /// Nil if somebody is just writing it, or if there is none yet.
  init?(descriptor: Int32) {
    let index: LogIndex? = withUnsafeTemporaryAllocation(byteCount: Self.size, alignment: 8) { bytes in
      guard let base = bytes.baseAddress, pread(descriptor, base, Self.size, 0) == Self.size,
        memcmp(base, base + 48, 48) == 0, base.load(fromByteOffset: 12, as: UInt8.self) != 0
      else { return nil }
      let word = { base.load(fromByteOffset: $0, as: UInt32.self) }
      // 1 stands for 65,536.
      let pageSize = Int(base.load(fromByteOffset: 14, as: UInt16.self))
      let frames = Int(word(16))
      return LogIndex(
        committed: frames == 0 ? 0 : 32 + frames * (24 + (pageSize == 1 ? 65536 : pageSize)),
        salt: base.load(fromByteOffset: 32, as: UInt64.self), folded: word(96), attempted: word(128))
    }
    guard let index else { return nil }
    self = index
  }

  /// The salt in the header of a log; nil if it has none.
  static func salt(ofLog descriptor: Int32) -> UInt64? {
    var salt: UInt64 = 0
    return pread(descriptor, &salt, 8, 16) == 8 ? salt : nil
  }
}

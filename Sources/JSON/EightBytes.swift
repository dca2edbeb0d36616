/// Eight bytes of text looked at together, the first one in the lowest bits.
///
/// The tests below set the high bit of each byte that matches. The subtraction may carry a borrow into the
/// bytes after a match and mark them wrongly, never into those before it: the first match is always right.
struct EightBytes {
  let word: UInt64

  /// Reads the eight bytes at `address`, which must all be readable.
  @inline(__always)
  init(at address: UnsafePointer<UInt8>) {
    word = UInt64(littleEndian: UnsafeRawPointer(address).loadUnaligned(as: UInt64.self))
  }

  @inline(__always) private static var ones: UInt64 { 0x0101_0101_0101_0101 }
  @inline(__always) private static var highBits: UInt64 { 0x8080_8080_8080_8080 }

  @inline(__always)
  private static func each(_ byte: UInt8) -> UInt64 { ones &* UInt64(byte) }

  /// How many bytes precede the first quote, backslash, control character or non-ASCII byte; 8 if none.
  @inline(__always) var plainPrefix: Int {
    let quotes = (word ^ Self.each(ASCII.quote)) &- Self.ones
    let backslashes = (word ^ Self.each(ASCII.backslash)) &- Self.ones
    let controls = word &- Self.each(0x20)
    return ((quotes | backslashes | controls | word) & Self.highBits).trailingZeroBitCount >> 3
  }

  /// How many bytes precede the first quote, backslash or control character; 8 if there is none.
  @inline(__always) var unescapedPrefix: Int {
    let quotes = (word ^ Self.each(ASCII.quote)) &- Self.ones
    let backslashes = (word ^ Self.each(ASCII.backslash)) &- Self.ones
    let controls = word &- Self.each(0x20)
    return ((quotes | backslashes | controls) & ~word & Self.highBits).trailingZeroBitCount >> 3
  }

  /// How many bytes precede the first backslash; 8 if there is none.
  @inline(__always) var prefixBeforeBackslash: Int {
    let backslashes = (word ^ Self.each(ASCII.backslash)) &- Self.ones
    return (backslashes & ~word & Self.highBits).trailingZeroBitCount >> 3
  }
}

/// Whether two runs of bytes are the same; for short runs this beats a call of the C library.
@inline(__always)
func equal(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, count: Int) -> Bool {
  var at = 0
  // Every load ends at or before `count`, so nothing outside the two runs is read.
  while at &+ 8 <= count {
    if EightBytes(at: a + at).word != EightBytes(at: b + at).word { return false }
    at &+= 8
  }
  while at < count {
    if a[at] != b[at] { return false }
    at &+= 1
  }
  return true
}

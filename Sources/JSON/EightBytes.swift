/// Eight bytes of text that are examined together, the first one in the lowest bits.
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

  @inline(__always) static var ones: UInt64 { 0x0101_0101_0101_0101 }
  @inline(__always) static var highBits: UInt64 { 0x8080_8080_8080_8080 }

  @inline(__always)
  static func each(_ byte: UInt8) -> UInt64 { ones &* UInt64(byte) }

  /// The number of bytes before the first quote, backslash, control character or non-ASCII byte; 8 if there
  /// is none.
  @inline(__always) var plainPrefix: Int {
    let quotes = (word ^ Self.each(ASCII.quote)) &- Self.ones
    let backslashes = (word ^ Self.each(ASCII.backslash)) &- Self.ones
    let controls = word &- Self.each(0x20)
    return ((quotes | backslashes | controls | word) & Self.highBits).trailingZeroBitCount >> 3
  }

  /// The number of bytes before the first quote, backslash or control character; 8 if there is none.
  @inline(__always) var unescapedPrefix: Int {
    let quotes = (word ^ Self.each(ASCII.quote)) &- Self.ones
    let backslashes = (word ^ Self.each(ASCII.backslash)) &- Self.ones
    let controls = word &- Self.each(0x20)
    return ((quotes | backslashes | controls) & ~word & Self.highBits).trailingZeroBitCount >> 3
  }

  /// The number of bytes before the first backslash; 8 if there is none.
  @inline(__always) var prefixBeforeBackslash: Int {
    let backslashes = (word ^ Self.each(ASCII.backslash)) &- Self.ones
    return (backslashes & ~word & Self.highBits).trailingZeroBitCount >> 3
  }
}

extension EightBytes {
  /// Packs a run of two to seven bytes into a word. Two runs of equal length have the same word only if they
  /// are equal. For runs of four to seven bytes, the bytes in the middle are in the word twice. Missing bytes
  /// are spaces.
  @inline(__always)
  init(short address: UnsafePointer<UInt8>, count: Int) {
    // Both loads lie within the run, and overlap if the run is shorter than the bytes they read.
    let raw = UnsafeRawPointer(address)
    if count >= 4 {
      let first = UInt64(UInt32(littleEndian: raw.loadUnaligned(as: UInt32.self)))
      let last = UInt64(
        UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)))
      word = last << 32 | first
    } else if count >= 2 {
      let first = UInt64(UInt16(littleEndian: raw.loadUnaligned(as: UInt16.self)))
      let last = UInt64(
        UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: count &- 2, as: UInt16.self)))
      word = 0x2020_2020_0000_0000 | last << 16 | first
    } else {
      word = 0x2020_2020_2020_2000 | (count == 1 ? UInt64(address[0]) : 0x20)
    }
  }
}

/// Returns whether two runs of bytes are equal; for short runs this is faster than a call of the C library.
@inline(__always)
func equal(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, count: Int) -> Bool {
  guard count >= 8 else {
    return EightBytes(short: a, count: count).word == EightBytes(short: b, count: count).word
  }
  // Every load ends at or before `count`; the last one may overlap the one before it.
  var at = 0
  while at &+ 8 < count {
    if EightBytes(at: a + at).word != EightBytes(at: b + at).word { return false }
    at &+= 8
  }
  return EightBytes(at: a + (count &- 8)).word == EightBytes(at: b + (count &- 8)).word
}

/// Copies bytes to a place that doesn't overlap them; for short runs this is faster than a call of the C
/// library.
///
/// - Parameter isUnfit: called for all bytes, eight at a time; some are passed twice, and spaces are added.
/// - Returns: whether all bytes were fit and copied. If not, the bytes written are of no use.
@inline(__always) @discardableResult
func copy(
  _ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, count: Int,
  unless isUnfit: (EightBytes) -> Bool = { _ in false }
) -> Bool {
  let raw = UnsafeMutableRawPointer(target)
  // Every load and store ends at or before `count`; the last one may overlap the one before it.
  guard count >= 8 else {
    let bytes = EightBytes(short: source, count: count)
    if isUnfit(bytes) { return false }
    if count >= 4 {
      raw.storeBytes(of: UInt32(truncatingIfNeeded: bytes.word).littleEndian, as: UInt32.self)
      let last = UInt32(truncatingIfNeeded: bytes.word >> 32).littleEndian
      raw.storeBytes(of: last, toByteOffset: count &- 4, as: UInt32.self)
    } else if count >= 2 {
      raw.storeBytes(of: UInt16(truncatingIfNeeded: bytes.word).littleEndian, as: UInt16.self)
      let last = UInt16(truncatingIfNeeded: bytes.word >> 16).littleEndian
      raw.storeBytes(of: last, toByteOffset: count &- 2, as: UInt16.self)
    } else if count == 1 {
      target[0] = UInt8(truncatingIfNeeded: bytes.word)
    }
    return true
  }
  let lastAt = count &- 8
  var at = 0
  while at < lastAt {
    let bytes = EightBytes(at: source + at)
    if isUnfit(bytes) { return false }
    raw.storeBytes(of: bytes.word.littleEndian, toByteOffset: at, as: UInt64.self)
    at &+= 8
  }
  let bytes = EightBytes(at: source + lastAt)
  if isUnfit(bytes) { return false }
  raw.storeBytes(of: bytes.word.littleEndian, toByteOffset: lastAt, as: UInt64.self)
  return true
}

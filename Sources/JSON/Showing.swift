/// Characters that JSON allows unescaped and that a reader of the text may misinterpret.
public enum Hazard: Sendable {
  /// The characters that common readers take for the end of a line: CR, LF, U+0085, U+2028 and U+2029. The
  /// other characters that some readers take for one are below U+0020, and no JSON text has these unescaped.
  case lineEnds
  /// The line ends, and the characters that a terminal may obey, or that change the order in which it shows
  /// the text: DEL, U+0080 to U+009F and the marks that change the direction of text.
  case terminal
}

extension [UInt8] {
  /// The same JSON text without the hazard: line breaks between values become spaces, and characters in
  /// strings become escapes. A text that has none is returned uncopied.
  public func without(_ hazard: Hazard) -> [UInt8] {
    let first = withUnsafeBufferPointer { hazard.first(in: $0) }
    guard let first else { return self }
    var safe: [UInt8] = []
    safe.reserveCapacity(count + count / 8 + 16)
    safe.append(contentsOf: self[..<first])
    withUnsafeBufferPointer { hazard.appendSafe($0, from: first, to: &safe) }
    return safe
  }
}

extension JSONWriter {
  /// Removes the hazard from the text written from `start` on, as `[UInt8].without` does, so that the length
  /// of `bytes` is the length that is sent.
  public mutating func remove(_ hazard: Hazard, from start: Int) {
    let tail = Array(bytes[start...])
    let safe = tail.without(hazard)
    if safe.count != tail.count || safe != tail { replaceBytes(from: start, with: safe) }
  }
}

extension Hazard {
  /// The position of the first hazard; nil if there is none.
  func first(in text: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let base = text.baseAddress else { return nil }
    var at = 0
    // Most text is ASCII, so many bytes are examined together. No load reads past the end.
    while at &+ 64 <= text.count {
      if self == .lineEnds, !hasSuspects(sixtyFourBytesAt: base + at) {
        at &+= 64
        continue
      }
      if let found = first(in: text, at..<at &+ 64) { return found }
      at &+= 64
    }
    return first(in: text, at..<text.count)
  }

  /// Whether one of the bytes is a control character or not ASCII.
  @inline(__always)
  private func hasSuspects(sixtyFourBytesAt base: UnsafePointer<UInt8>) -> Bool {
    // The caller has made sure that all 64 bytes can be read. The test does not depend on the byte order.
    // Vectors of 16 bytes are what every machine has; of larger ones the compiler makes single words.
    let raw = UnsafeRawPointer(base)
    let space = SIMD2(repeating: EightBytes.each(0x20))
    var marks = SIMD2<UInt64>()
    for offset in stride(from: 0, to: 64, by: 16) {
      let words = raw.loadUnaligned(fromByteOffset: offset, as: SIMD2<UInt64>.self)
      // Control characters are found as in `EightBytes.plainPrefix`; a borrow can mark only bytes after a match.
      marks |= (words &- space) | words
    }
    return (marks[0] | marks[1]) & EightBytes.highBits != 0
  }

  /// The position of the first hazard that begins in a part of the text; nil if there is none.
  private func first(in text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int? {
    var at = range.lowerBound
    while at < range.upperBound {
      if self == .lineEnds, at &+ 8 <= range.upperBound, let base = text.baseAddress,
        !EightBytes(at: base + at).mayHaveLineEnd
      {
        at &+= 8
        continue
      }
      let end = min(at &+ 8, range.upperBound)
      while at < end {
        if replacement(in: text, at: at) != nil { return at }
        at &+= 1
      }
    }
    return nil
  }

  /// Appends the text from a position on, with the hazards replaced.
  func appendSafe(_ text: UnsafeBufferPointer<UInt8>, from start: Int, to safe: inout [UInt8]) {
    var at = start
    var done = start
    while at < text.count {
      guard let (length, scalar) = replacement(in: text, at: at) else {
        at &+= 1
        continue
      }
      safe.append(contentsOf: UnsafeBufferPointer(rebasing: text[done..<at]))
      if scalar < 0x20 {
        safe.append(ASCII.space)
      } else {
        let digits = String(scalar, radix: 16)
        safe.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8)
      }
      at &+= length
      done = at
    }
    safe.append(contentsOf: UnsafeBufferPointer(rebasing: text[done...]))
  }

  /// The length and the scalar of the hazard that begins at a position; nil if there is none.
  private func replacement(
    in text: UnsafeBufferPointer<UInt8>, at start: Int
  ) -> (length: Int, scalar: UInt32)? {
    let byte = text[start]
    switch byte {
    case ASCII.newline, ASCII.carriageReturn: return (1, UInt32(byte))
    case 0x7f: return self == .terminal ? (1, 0x7f) : nil
    case 0xc2, 0xd8:
      guard start &+ 1 < text.count else { return nil }
      let scalar = UInt32(byte & 0x1f) << 6 | UInt32(text[start &+ 1] & 0x3f)
      return contains(scalar) ? (2, scalar) : nil
    case 0xe2:
      guard start &+ 2 < text.count else { return nil }
      let scalar = 0x2000 | UInt32(text[start &+ 1] & 0x3f) << 6 | UInt32(text[start &+ 2] & 0x3f)
      return contains(scalar) ? (3, scalar) : nil
    default: return nil
    }
  }

  /// Whether a scalar in a string is a hazard.
  public func contains(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x0a, 0x0d, 0x85, 0x2028, 0x2029: true
    case ..<0x20, 0x7f...0x9f, 0x61c, 0x200e...0x200f, 0x202a...0x202e, 0x2066...0x2069: self == .terminal
    default: false
    }
  }
}

extension EightBytes {
  /// Whether one of the bytes may begin a line end. Some other bytes match as well; no line end is missed.
  @inline(__always) fileprivate var mayHaveLineEnd: Bool {
    let ends = marks(of: 0x0a) | marks(of: 0x0d) | marks(of: 0xc2) | marks(of: 0xe2)
    return ends & Self.highBits != 0
  }

  /// A word with the high bit set in each byte that equals `byte`, and possibly in some bytes after it.
  @inline(__always)
  private func marks(of byte: UInt8) -> UInt64 {
    let difference = word ^ Self.each(byte)
    return (difference &- Self.ones) & ~difference
  }
}

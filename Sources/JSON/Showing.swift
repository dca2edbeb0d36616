/// Characters that JSON allows where they stand and that a reader of the text may take for something else.
public enum Hazard: Sendable {
  /// What common readers take for the end of a line: CR, LF, U+0085, U+2028 and U+2029. The other characters
  /// that some of them take for one are below U+0020, and no JSON text has these as they are.
  case lineEnds
  /// What a terminal may obey or show in another order than it is written: besides those, DEL, U+0080 to
  /// U+009F and the marks that change the direction of text.
  case terminal
}

extension [UInt8] {
  /// The same JSON text without what is a hazard: line breaks between values are spaces, and characters in
  /// strings are escapes. Itself, uncopied, if it has none.
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
  /// Takes the hazard out of what was written from `start` on, as `[UInt8].without` does, so that `bytes`
  /// is as long as what goes out.
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
    // Most text is ASCII, of which many bytes are looked at together. No load goes past the end.
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

  /// Whether some byte is a control character or no ASCII.
  @inline(__always)
  private func hasSuspects(sixtyFourBytesAt base: UnsafePointer<UInt8>) -> Bool {
    // The caller has seen to it that all 64 bytes can be read. Whichever way round a word is, the test is the same.
    let words = UnsafeRawPointer(base).loadUnaligned(as: SIMD8<UInt64>.self)
    // As `EightBytes.plainPrefix` finds control characters; a borrow can mark only what follows one.
    let marks = (words &- SIMD8(repeating: EightBytes.each(0x20))) | words
    let half = marks.lowHalf | marks.highHalf
    let quarter = half.lowHalf | half.highHalf
    return (quarter[0] | quarter[1]) & EightBytes.highBits != 0
  }

  /// The first hazard that begins in a part of the text.
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

  /// Appends the text from a position on, with replacements.
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

  /// The length and the scalar of a hazard that begins at a position; nil if none does.
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

  /// Whether a scalar that stands in a string is a hazard.
  public func contains(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x0a, 0x0d, 0x85, 0x2028, 0x2029: true
    case ..<0x20, 0x7f...0x9f, 0x61c, 0x200e...0x200f, 0x202a...0x202e, 0x2066...0x2069: self == .terminal
    default: false
    }
  }
}

extension EightBytes {
  /// Whether one of the bytes may begin a line's end. Some that can't are taken for one, none is missed.
  @inline(__always) fileprivate var mayHaveLineEnd: Bool {
    let ends = marks(of: 0x0a) | marks(of: 0x0d) | marks(of: 0xc2) | marks(of: 0xe2)
    return ends & Self.highBits != 0
  }

  /// Has the high bit of each byte that is `byte`, and maybe of some after it.
  @inline(__always)
  private func marks(of byte: UInt8) -> UInt64 {
    let difference = word ^ Self.each(byte)
    return (difference &- Self.ones) & ~difference
  }
}

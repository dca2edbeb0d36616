extension Parser {
  /// Parses the string whose quote is at `position`.
  mutating func parseString() throws(JSONError) {
    let start = position
    var escaped = false
    var at = start &+ 1
    while true {
      if at &+ 8 <= end {
        let plain = EightBytes(at: text + at).plainPrefix
        at &+= plain
        if plain == 8 { continue }
      } else if at == end {
        throw unexpectedEnd
      }
      let byte = text[at]
      if byte == ASCII.quote {
        position = at &+ 1
        append(Entry(start: start, end: position, flag: escaped))
        return
      }
      if byte >= 0x80 {
        // Text in other alphabets has few ASCII characters in between, so the next sequence is tried at once.
        repeat { at = try endOfSequence(at: at) } while at < end && text[at] >= 0x80
      } else if byte == ASCII.backslash {
        escaped = true
        at = try endOfEscape(at: at)
      } else if byte < 0x20 {
        throw JSONError(offset: at, reason: .controlCharacter)
      } else {
        at &+= 1
      }
    }
  }

  /// The offset after a sequence of two to four bytes that is well-formed by table 3-7 of the Unicode
  /// Standard.
  private func endOfSequence(at start: Int) throws(JSONError) -> Int {
    let lead = text[start]
    let second: ClosedRange<UInt8>
    let count: Int
    switch lead {
    case 0xc2...0xdf: (second, count) = (0x80...0xbf, 2)
    case 0xe0: (second, count) = (0xa0...0xbf, 3)
    case 0xed: (second, count) = (0x80...0x9f, 3)
    case 0xe1...0xef: (second, count) = (0x80...0xbf, 3)
    case 0xf0: (second, count) = (0x90...0xbf, 4)
    case 0xf1...0xf3: (second, count) = (0x80...0xbf, 4)
    case 0xf4: (second, count) = (0x80...0x8f, 4)
    default: throw JSONError(offset: start, reason: .invalidUTF8)
    }
    guard start &+ count <= end, second.contains(text[start &+ 1]) else {
      throw JSONError(offset: start, reason: .invalidUTF8)
    }
    for offset in 2..<max(count, 2) {
      guard text[start &+ offset] & 0xc0 == 0x80 else { throw JSONError(offset: start, reason: .invalidUTF8) }
    }
    return start &+ count
  }

  /// The offset after the escape whose backslash is at `start`; a surrogate pair counts as one escape.
  private func endOfEscape(at start: Int) throws(JSONError) -> Int {
    guard start &+ 1 < end else { throw unexpectedEnd }
    switch text[start &+ 1] {
    case ASCII.quote, ASCII.backslash, ASCII.slash, UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
      UInt8(ascii: "r"), UInt8(ascii: "t"):
      return start &+ 2
    case UInt8(ascii: "u"):
      let unit = try codeUnit(escapedAt: start)
      guard unit & 0xf800 == 0xd800 else { return start &+ 6 }
      let next = start &+ 6
      guard unit < 0xdc00 else { throw JSONError(offset: start, reason: .loneSurrogate) }
      guard next < end else { throw unexpectedEnd }
      guard text[next] == ASCII.backslash else { throw JSONError(offset: start, reason: .loneSurrogate) }
      guard next &+ 1 < end else { throw unexpectedEnd }
      guard text[next &+ 1] == UInt8(ascii: "u") else {
        throw JSONError(offset: start, reason: .loneSurrogate)
      }
      guard try codeUnit(escapedAt: next) & 0xfc00 == 0xdc00 else {
        throw JSONError(offset: start, reason: .loneSurrogate)
      }
      return start &+ 12
    default:
      throw JSONError(offset: start, reason: .invalidEscape)
    }
  }

  /// The value of the four hexadecimal digits after the `\u` at `start`.
  private func codeUnit(escapedAt start: Int) throws(JSONError) -> UInt32 {
    var unit: UInt32 = 0
    for at in start &+ 2..<start &+ 6 {
      guard at < end else { throw unexpectedEnd }
      guard let digit = hexadecimalDigit(text[at]) else {
        throw JSONError(offset: start, reason: .invalidEscape)
      }
      unit = unit << 4 | digit
    }
    return unit
  }
}

/// The value of a hexadecimal digit in either case; nil for any other byte.
@inline(__always)
func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
  if byte.isDigit { return UInt32(byte.digit) }
  // Clearing bit 5 makes letters upper case, and turns no other byte into A to F.
  let letter = byte & ~0x20 &- UInt8(ascii: "A")
  return letter < 6 ? UInt32(letter) + 10 : nil
}

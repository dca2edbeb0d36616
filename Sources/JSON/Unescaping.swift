/// Calls `body` with the unescaped content of a valid string; it is never longer than the content.
func withUnescaped<R>(
  _ content: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) throws -> R
) rethrows -> R {
  try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: content.count) { buffer in
    let count = unescape(content, into: buffer)
    return try body(UnsafeBufferPointer(rebasing: buffer[..<count]))
  }
}

/// Writes the unescaped content of a valid string, and returns its length.
///
/// `buffer` has room for `content.count` bytes: no escape is shorter than its unescaped bytes.
func unescape(_ content: UnsafeBufferPointer<UInt8>, into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
  guard let source = content.baseAddress, let target = buffer.baseAddress else { return 0 }
  // The parser has checked the content, so every escape is complete. `to` never gets ahead of `from`, so
  // eight bytes that can be read at `from` can be written at `to`.
  var from = 0
  var to = 0
  while from < content.count {
    if from &+ 8 <= content.count {
      let bytes = EightBytes(at: source + from)
      UnsafeMutableRawPointer(target + to).storeBytes(of: bytes.word.littleEndian, as: UInt64.self)
      let literal = bytes.prefixBeforeBackslash
      from &+= literal
      to &+= literal
      if literal == 8 { continue }
    } else if source[from] != ASCII.backslash {
      (target + to).initialize(to: source[from])
      from &+= 1
      to &+= 1
      continue
    }
    let escape = source[from &+ 1]
    if escape == UInt8(ascii: "u") {
      to &+= encode(scalar(escapedAt: source + from, length: &from), at: target + to)
    } else {
      (target + to).initialize(to: meaning(of: escape))
      from &+= 2
      to &+= 1
    }
  }
  return to
}

/// The character that the byte after a backslash stands for.
private func meaning(of escape: UInt8) -> UInt8 {
  switch escape {
  case UInt8(ascii: "b"): 0x08
  case UInt8(ascii: "f"): 0x0c
  case UInt8(ascii: "n"): 0x0a
  case UInt8(ascii: "r"): 0x0d
  case UInt8(ascii: "t"): 0x09
  default: escape
  }
}

/// The scalar of a checked `\u` escape or of a pair of them. Adds the length of the escape to `length`.
private func scalar(escapedAt escape: UnsafePointer<UInt8>, length: inout Int) -> UInt32 {
  let unit = codeUnit(escape)
  length &+= 6
  guard unit & 0xfc00 == 0xd800 else { return unit }
  length &+= 6
  return 0x10000 + (unit & 0x3ff) << 10 + codeUnit(escape + 6) & 0x3ff
}

private func codeUnit(_ escape: UnsafePointer<UInt8>) -> UInt32 {
  var unit: UInt32 = 0
  for at in 2..<6 { unit = unit << 4 | (hexadecimalDigit(escape[at]) ?? 0) }
  return unit
}

/// Writes a scalar as UTF-8 and returns the number of bytes.
private func encode(_ scalar: UInt32, at target: UnsafeMutablePointer<UInt8>) -> Int {
  func put(_ offset: Int, _ bits: UInt32) {
    (target + offset).initialize(to: UInt8(truncatingIfNeeded: bits))
  }
  func tail(_ offset: Int, _ bits: UInt32) { put(offset, 0x80 | bits & 0x3f) }
  switch scalar {
  case ..<0x80:
    put(0, scalar)
    return 1
  case ..<0x800:
    put(0, 0xc0 | scalar >> 6)
    tail(1, scalar)
    return 2
  case ..<0x10000:
    put(0, 0xe0 | scalar >> 12)
    tail(1, scalar >> 6)
    tail(2, scalar)
    return 3
  default:
    put(0, 0xf0 | scalar >> 18)
    tail(1, scalar >> 12)
    tail(2, scalar >> 6)
    tail(3, scalar)
    return 4
  }
}

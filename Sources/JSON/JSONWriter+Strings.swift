extension JSONWriter {
  /// Writes a string. Only quotes, backslashes and characters below U+0020 are escaped.
  public mutating func string(_ value: String) {
    value.withBytes { string(utf8: $0) }
  }

  /// Writes a string literal of the program.
  public mutating func string(_ value: StaticString) {
    string(utf8: UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
  }

  /// Writes a member whose value is a string.
  public mutating func member(_ name: StaticString, _ value: String) {
    value.withBytes { content in
      let isWritten = appendMember(name, atMost: content.count &+ 2) { Self.writePlain(content, at: $0) }
      if !isWritten { string(utf8: content) }
    }
  }

  /// Appends a quoted string, preceded by a comma if one is due.
  @inline(__always)
  mutating func appendQuoted(_ content: UnsafeBufferPointer<UInt8>) {
    let isWritten = appendAfterComma(atMost: content.count &+ 2) { Self.writePlain(content, at: $0) }
    if !isWritten { appendEscaped(content) }
  }

  /// Writes a quoted string, and returns its length including the quotes; a negative number if it needs
  /// escapes.
  @inline(__always)
  private static func writePlain(
    _ content: UnsafeBufferPointer<UInt8>, at target: UnsafeMutablePointer<UInt8>
  ) -> Int {
    if let source = content.baseAddress {
      guard copy(source, to: target + 1, count: content.count, unless: \.needsEscape) else { return -1 }
    }
    target[0] = ASCII.quote
    target[content.count &+ 1] = ASCII.quote
    return content.count &+ 2
  }

  /// Appends a quoted string, run by run, with escapes between them.
  @inline(never)
  private mutating func appendEscaped(_ content: UnsafeBufferPointer<UInt8>) {
    startInPieces()
    append(ASCII.quote)
    var from = 0
    while true {
      let to = endOfRun(content, from: from)
      append(contentsOf: UnsafeBufferPointer(rebasing: content[from..<to]))
      if to == content.count { break }
      appendEscape(of: content[to])
      from = to &+ 1
    }
    append(ASCII.quote)
  }

  private mutating func appendEscape(of byte: UInt8) {
    append(ASCII.backslash)
    switch byte {
    case ASCII.quote, ASCII.backslash: append(byte)
    case 0x08: append(UInt8(ascii: "b"))
    case 0x09: append(UInt8(ascii: "t"))
    case 0x0a: append(UInt8(ascii: "n"))
    case 0x0c: append(UInt8(ascii: "f"))
    case 0x0d: append(UInt8(ascii: "r"))
    default:
      append(UInt8(ascii: "u"))
      append(ASCII.zero)
      append(ASCII.zero)
      append(ASCII.zero + byte >> 4)
      append(byte & 0xf < 10 ? ASCII.zero + byte & 0xf : UInt8(ascii: "a") - 10 + byte & 0xf)
    }
  }

  /// The position of the first byte at or after `start` that needs an escape, or the end.
  private func endOfRun(_ content: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    guard let base = content.baseAddress else { return 0 }
    var at = start
    // No load reads past the end of the content.
    while at &+ 8 <= content.count {
      let prefix = EightBytes(at: base + at).unescapedPrefix
      at &+= prefix
      if prefix < 8 { return at }
    }
    while at < content.count {
      let byte = base[at]
      if byte < 0x20 || byte == ASCII.quote || byte == ASCII.backslash { return at }
      at &+= 1
    }
    return at
  }
}

extension EightBytes {
  /// Whether one of the bytes must be escaped in a string.
  @inline(__always) fileprivate var needsEscape: Bool { unescapedPrefix < 8 }
}

extension String {
  /// Calls `body` with the string's UTF-8. Unlike `withUTF8`, it does not need a mutable copy of the string.
  @inline(__always)
  func withBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
    // Only strings bridged from Objective-C get here.
    return Array(utf8).withUnsafeBufferPointer(body)
  }
}

extension JSONWriter {
  /// Writes a string. Only quotes, backslashes and characters below U+0020 are escaped.
  public mutating func string(_ value: String) {
    var value = value
    value.withUTF8 { string(utf8: $0) }
  }

  /// Writes a string that the program's text has.
  public mutating func string(_ value: StaticString) {
    string(utf8: UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
  }

  /// Appends a quoted string, after a comma if one is due.
  @inline(__always)
  mutating func appendQuoted(_ content: UnsafeBufferPointer<UInt8>) {
    let plain = unescapedPrefix(content, from: 0)
    guard plain == content.count else {
      appendEscaped(content, plain: plain)
      return
    }
    appendAfterComma(atMost: plain &+ 2) { target in
      target[0] = ASCII.quote
      if let source = content.baseAddress { (target + 1).update(from: source, count: plain) }
      target[plain &+ 1] = ASCII.quote
      return plain &+ 2
    }
  }

  /// Appends a quoted string whose first byte to escape comes after `plain` others.
  @inline(never)
  private mutating func appendEscaped(_ content: UnsafeBufferPointer<UInt8>, plain: Int) {
    startInPieces()
    append(ASCII.quote)
    var from = 0
    var to = plain
    while true {
      append(contentsOf: UnsafeBufferPointer(rebasing: content[from..<to]))
      if to == content.count { break }
      appendEscape(of: content[to])
      from = to &+ 1
      to = unescapedPrefix(content, from: from)
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
  @inline(__always)
  private func unescapedPrefix(_ content: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    guard let base = content.baseAddress else { return 0 }
    var at = start
    // No load goes past the content's end.
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

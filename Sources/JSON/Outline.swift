/// What a text that is refused says for certain: where its outermost values begin and end.
///
/// Only the values may be at fault: a string that is no UTF-8 or has a lone surrogate, a wrong escape or a
/// control character, a number or a word that JSON does not have (`NaN`, `01`), a key that occurs twice, or more
/// nesting than is allowed. A text whose quotes, brackets, commas and colons are not all where they must be
/// has no outline: what it says may be part of another text.
public struct Outline: Sendable {
  /// What the text is as a whole.
  public enum Kind: Sendable {
    /// An object: look at `members`.
    case object
    /// An array: look at `elements`.
    case array
    /// Anything else.
    case scalar
  }

  /// What the text is as a whole.
  public let kind: Kind
  private let text: ArraySlice<UInt8>
  private let children: Range<Int>

  /// Nil if the text is not whole.
  public init?(of text: ArraySlice<UInt8>) {
    var reader = OutlineReader(text)
    guard let whole = reader.readWhole() else { return nil }
    self.text = text
    switch text[whole.lowerBound] {
    case ASCII.leftBrace: kind = .object
    case ASCII.leftBracket: kind = .array
    default: kind = .scalar
    }
    children = kind == .scalar ? whole : whole.lowerBound &+ 1..<whole.upperBound &- 1
  }

  /// Calls `body` with each member of an object, in order: the key with its quotes, and the value.
  public func forEachMember(_ body: (_ key: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Void) {
    guard kind == .object else { return }
    forEach { reader in
      let key = reader.skipValue()
      reader.skipSign()
      body(text[key], text[reader.skipValue()])
    }
  }

  /// Calls `body` with each element of an array, in order.
  public func forEachElement(_ body: (ArraySlice<UInt8>) -> Void) {
    guard kind == .array else { return }
    forEach { body(text[$0.skipValue()]) }
  }

  private func forEach(_ body: (inout OutlineReader) -> Void) {
    var reader = OutlineReader(text[children])
    while reader.hasMore {
      body(&reader)
      reader.skipSign()
    }
  }
}

/// Reads a text by its signs alone.
private struct OutlineReader {
  private let text: ArraySlice<UInt8>
  private var position: Int
  /// Of what is open, outermost first, a bit each: whether it is an object.
  private var open: [UInt8] = []
  private var depth = 0

  init(_ text: ArraySlice<UInt8>) {
    self.text = text
    position = text.startIndex
    skipWhiteSpace()
  }

  var hasMore: Bool { position < text.endIndex }

  /// Where the value is, if the text is one value and nothing else.
  mutating func readWhole() -> Range<Int>? {
    let start = position
    guard let end = readValue() else { return nil }
    skipWhiteSpace()
    return position == text.endIndex ? start..<end : nil
  }

  /// Reads a value of a text that is known to be whole, and what follows up to the next sign.
  mutating func skipValue() -> Range<Int> {
    let start = position
    let end = readValue() ?? text.endIndex
    if position < end { position = end }
    skipWhiteSpace()
    return start..<end
  }

  /// Passes over a comma or colon.
  mutating func skipSign() {
    if position < text.endIndex { position &+= 1 }
    skipWhiteSpace()
  }

  /// The end of the value at `position`, which moves there; nil if it has none.
  private mutating func readValue() -> Int? {
    let outer = depth
    nextValue: while true {
      guard let byte = peek() else { return nil }
      switch byte {
      case ASCII.quote:
        guard readString() else { return nil }
      case ASCII.leftBrace, ASCII.leftBracket:
        push(isObject: byte == ASCII.leftBrace)
        position &+= 1
        skipWhiteSpace()
        guard let next = peek() else { return nil }
        if next != byte &+ 2 {
          if isInObject, !readKey() { return nil }
          continue nextValue
        }
      default:
        guard readWord() else { return nil }
      }
      while depth > outer {
        skipWhiteSpace()
        guard let byte = peek() else { return nil }
        if byte == ASCII.comma {
          position &+= 1
          skipWhiteSpace()
          if isInObject, !readKey() { return nil }
          continue nextValue
        }
        guard byte == (isInObject ? ASCII.rightBrace : ASCII.rightBracket) else { return nil }
        position &+= 1
        depth &-= 1
      }
      return position
    }
  }

  private mutating func readKey() -> Bool {
    guard peek() == ASCII.quote, readString() else { return false }
    skipWhiteSpace()
    guard peek() == ASCII.colon else { return false }
    position &+= 1
    skipWhiteSpace()
    return true
  }

  private mutating func readString() -> Bool {
    position &+= 1
    while let byte = peek() {
      position &+= byte == ASCII.backslash ? 2 : 1
      if byte == ASCII.quote { return true }
    }
    return false
  }

  /// A number, a literal, or what stands in place of one.
  private mutating func readWord() -> Bool {
    let start = position
    while let byte = peek(),
      byte.isDigit || byte == ASCII.minus || byte == ASCII.plus || byte == ASCII.dot
        || (byte | 0x20) &- UInt8(ascii: "a") < 26
    {
      position &+= 1
    }
    return position > start
  }

  private func peek() -> UInt8? { position < text.endIndex ? text[position] : nil }

  private mutating func skipWhiteSpace() {
    while let byte = peek(), byte.isJSONWhiteSpace { position &+= 1 }
  }

  private mutating func push(isObject: Bool) {
    if depth >> 3 == open.count { open.append(0) }
    let bit: UInt8 = 1 << (depth & 7)
    if isObject { open[depth >> 3] |= bit } else { open[depth >> 3] &= ~bit }
    depth &+= 1
  }

  /// Whether what was opened last is an object.
  private var isInObject: Bool {
    let last = depth &- 1
    return open[last >> 3] & 1 << (last & 7) != 0
  }
}

/// The certain content of a refused text: where its outermost values begin and end.
///
/// Only the values may be at fault: a string that is not valid UTF-8 or has a lone surrogate, an invalid
/// escape or a control character; a number or a word that JSON does not have (`NaN`, `01`); a key that occurs
/// twice; or nesting deeper than allowed. A text in which a quote, bracket, comma or colon is out of place
/// has no outline: it may be part of another text.
public struct Outline: Sendable {
  /// The kinds of whole texts.
  public enum Kind: Sendable {
    /// An object; see `forEachMember`.
    case object
    /// An array; see `forEachElement`.
    case array
    /// Anything else.
    case scalar
  }

  /// The kind of the text as a whole.
  public let kind: Kind
  private let text: ArraySlice<UInt8>
  private let children: Range<Int>

  /// Creates the outline of a text; nil if the text is not whole.
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

/// Reads a text by its quotes, brackets, commas and colons alone.
private struct OutlineReader {
  private let text: ArraySlice<UInt8>
  private var position: Int
  /// A stack of the open arrays and objects, outermost first, one bit each: set for an object.
  private var open: [UInt8] = []
  private var depth = 0

  init(_ text: ArraySlice<UInt8>) {
    self.text = text
    position = text.startIndex
    skipWhiteSpace()
  }

  var hasMore: Bool { position < text.endIndex }

  /// The range of the value, if the text is one value and nothing else; nil otherwise.
  mutating func readWhole() -> Range<Int>? {
    let start = position
    guard let end = readValue() else { return nil }
    skipWhiteSpace()
    return position == text.endIndex ? start..<end : nil
  }

  /// Skips a value of a text that is known to be whole, and the white space up to the next sign. Returns its
  /// range.
  mutating func skipValue() -> Range<Int> {
    let start = position
    let end = readValue() ?? text.endIndex
    if position < end { position = end }
    skipWhiteSpace()
    return start..<end
  }

  /// Skips a comma or colon.
  mutating func skipSign() {
    if position < text.endIndex { position &+= 1 }
    skipWhiteSpace()
  }

  /// Moves `position` past the value there and returns its end; nil if the value has none.
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

  /// Reads a number, a literal, or whatever stands in place of one.
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

  /// Whether the innermost open container is an object.
  private var isInObject: Bool {
    let last = depth &- 1
    return open[last >> 3] & 1 << (last & 7) != 0
  }
}

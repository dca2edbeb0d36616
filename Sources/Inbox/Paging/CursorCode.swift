/// How a cursor's text is made: base64url of a byte that tells its format, and what the format holds.
///
/// The formats of a listing's cursors have odd tags, those of a change cursor even ones: neither is ever taken
/// for the other, and one of another version is known for what it is.
enum CursorCode {
  /// A longer text is no cursor: it is not looked at.
  static let longest = 2048

  /// More than any log can hold, far from the largest integer: arithmetic on it can't overflow.
  static let largestNumber = 1 << 62

  static func text(_ format: UInt8, _ write: (inout ByteWriter) -> Void) -> String {
    var writer = ByteWriter()
    writer.writeByte(format)
    write(&writer)
    return Base64URL.encode(writer.bytes)
  }

  /// What a text of this format says; nil for any other text. Whoever asks compares the text that it would
  /// write itself: a cursor has one spelling.
  static func read<Value>(
    _ text: String, format: UInt8, _ body: (inout ByteReader) throws(DecodingFailure) -> Value
  ) -> Value? {
    guard text.utf8.count <= longest, let bytes = Base64URL.decode(text.utf8) else { return nil }
    do {
      var reader = ByteReader(bytes)
      try reader.expectByte(format)
      let value = try body(&reader)
      try reader.expectEnd()
      return value
    } catch {
      // Any other text is no cursor: the caller says so and names the parameter.
      return nil
    }
  }

  /// The tag of a text that may be a cursor of some version; nil for any other text.
  static func tag(of text: String) -> UInt8? {
    guard text.utf8.count <= longest, let bytes = Base64URL.decode(text.utf8), bytes.count > 8,
      let tag = bytes.first, (1...largestTag).contains(tag)
    else { return nil }
    return tag
  }

  /// Formats to come have tags up to this one.
  private static let largestTag: UInt8 = 31
}

extension ByteReader {
  /// Reads a number in a log. A cursor may come from anywhere.
  mutating func readPlace() throws(DecodingFailure) -> Int {
    let start = offset
    let number = try readCount()
    guard number <= CursorCode.largestNumber else {
      throw DecodingFailure(offset: start, reason: "a number is too large")
    }
    return number
  }

  mutating func readPosition() throws(DecodingFailure) -> Cursor.Position {
    Cursor.Position(shared: try readPlace(), own: try readPlace())
  }
}

extension ByteWriter {
  mutating func writePosition(_ position: Cursor.Position) {
    writeVarint(UInt64(position.shared))
    writeVarint(UInt64(position.own))
  }
}

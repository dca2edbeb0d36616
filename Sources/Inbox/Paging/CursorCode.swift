/// The encoding of cursors as text: base64url of a byte that tells the format, followed by the format's
/// content.
///
/// The formats of listing cursors have odd tags, those of change cursors even ones: neither is ever mistaken
/// for the other, and a cursor of another version is recognised as such.
enum CursorCode {
  /// The length of the longest cursor: a longer text is refused without being read.
  static let longest = 2048

  /// Larger than any number in a log, and far from the largest integer, so that arithmetic on it can't
  /// overflow.
  static let largestNumber = 1 << 62

  static func text(_ format: UInt8, _ write: (inout ByteWriter) -> Void) -> String {
    var writer = ByteWriter(reservingCapacity: 64)
    writer.writeByte(format)
    write(&writer)
    return Base64URL.encode(writer.bytes)
  }

  /// Decodes a text of this format; nil for any other text. The caller compares the text with the one that it
  /// would write itself: a cursor has one spelling.
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
      // The text is no cursor: the caller says so and names the parameter.
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

  /// The largest tag that future formats may have.
  private static let largestTag: UInt8 = 31
}

extension ByteReader {
  /// Reads a number in a log. A cursor may come from anywhere, so the number is checked.
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

/// What a cursor's text holds: which kind it is, what it belongs to, and numbers.
struct CursorCode {
  /// Differs between kinds of cursors.
  var format: UInt8
  /// Stands for what the cursor belongs to.
  var name: UInt64
  var numbers: [Int]

  var text: String {
    var writer = ByteWriter()
    writer.writeByte(format)
    writer.writeVarint(name)
    for number in numbers { writer.writeVarint(UInt64(number)) }
    return Base64URL.encode(writer.bytes)
  }
}

extension CursorCode {
  /// Reads `text` back; nil for any other text than one of this kind with so many numbers.
  init?(text: String, format: UInt8, count: Int) {
    guard let bytes = Base64URL.decode(text.utf8) else { return nil }
    self.format = format
    do {
      var reader = ByteReader(bytes)
      try reader.expectByte(format)
      name = try reader.readVarint()
      numbers = []
      for _ in 0..<count { numbers.append(try reader.readCount()) }
      try reader.expectEnd()
    } catch {
      // Any other text is no cursor: the caller says so and names the parameter.
      return nil
    }
    // A cursor may come from anywhere: arithmetic on its numbers must not overflow.
    guard numbers.allSatisfy({ $0 <= Self.largestNumber }), self.text == text else { return nil }
  }

  /// More than any log can hold, far from the largest integer.
  static let largestNumber = 1 << 62
}

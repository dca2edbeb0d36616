/// Appends JSON text without white space to a byte array, and places commas and colons itself.
///
///     var writer = JSONWriter()
///     writer.beginObject()
///     writer.member("name", "Ada")
///     writer.key("times")
///     writer.beginArray()
///     writer.date(millisecondsSince1970: 0)
///     writer.endArray()
///     writer.endObject()
///     // writer.bytes is {"name":"Ada","times":["1970-01-01T00:00:00.000Z"]}
///
/// The text is one value: keys stand before each of an object's values and nowhere else, and every array and
/// object that is begun is ended, the innermost first. Debug builds check this order.
public struct JSONWriter: Sendable {
  /// The text written so far: valid JSON once everything begun is ended.
  public private(set) var bytes: [UInt8]
  /// Whether a comma is due before the next key or value.
  private var needsComma = false
  private var order = WritingOrder()

  /// Creates a writer with room for the given number of bytes; it grows as needed.
  public init(reserving capacity: Int = 256) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  /// Returns the written text and resets the writer. Appending to the result copies nothing.
  public mutating func take() -> [UInt8] {
    order.finish()
    let taken = bytes
    self = JSONWriter(reserving: 0)
    return taken
  }

  /// Replaces the text written from `start` on with another text of the same meaning.
  mutating func replaceBytes(from start: Int, with text: [UInt8]) {
    bytes.replaceSubrange(start..., with: text)
  }

  /// Starts an object.
  public mutating func beginObject() {
    order.begin(object: true)
    begin(ASCII.leftBrace)
  }

  /// Ends the object that was begun last.
  public mutating func endObject() {
    order.end(object: true)
    end(ASCII.rightBrace)
  }

  /// Starts an array.
  public mutating func beginArray() {
    order.begin(object: false)
    begin(ASCII.leftBracket)
  }

  /// Ends the array that was begun last.
  public mutating func endArray() {
    order.end(object: false)
    end(ASCII.rightBracket)
  }

  /// Writes a key of ASCII characters none of which needs an escape.
  ///
  /// Swift takes a literal for a `String` unless told otherwise; both overloads write the same text.
  public mutating func key(_ name: StaticString) {
    appendMember(name, atMost: 0) { _ in -1 }
  }

  /// Writes a key of any characters.
  public mutating func key(_ name: String) {
    order.key()
    name.withBytes { appendQuoted($0) }
    bytes.append(ASCII.colon)
    needsComma = false
  }

  /// Writes a string from its UTF-8, which is not checked; see `string(_:)`.
  public mutating func string(utf8: UnsafeBufferPointer<UInt8>) {
    order.value()
    appendQuoted(utf8)
  }

  /// Writes `true` or `false`.
  public mutating func bool(_ value: Bool) {
    literal(value ? "true" : "false")
  }

  /// Writes `null`.
  public mutating func null() {
    literal("null")
  }

  /// Writes one value that is already JSON text, unchanged and unchecked.
  public mutating func raw(_ text: [UInt8]) {
    text.withUnsafeBufferPointer { raw($0) }
  }

  /// Writes one value that is already JSON text, unchanged and unchecked.
  public mutating func raw(_ text: String) {
    var text = text
    text.withUTF8 { raw($0) }
  }

  /// Writes one value that is already JSON text, unchanged and unchecked.
  public mutating func raw(_ text: ArraySlice<UInt8>) {
    text.withUnsafeBufferPointer { raw($0) }
  }

  /// Writes one value that is already JSON text in three pieces, unchanged and unchecked.
  public mutating func raw(_ start: [UInt8], _ middle: [UInt8], _ end: StaticString) {
    let (first, second) = (start.count, start.count &+ middle.count)
    appendValue(atMost: second &+ end.utf8CodeUnitCount) { target in
      // The three pieces are as long as the room that was asked for.
      start.withUnsafeBufferPointer {
        if let base = $0.baseAddress { target.update(from: base, count: first) }
      }
      middle.withUnsafeBufferPointer {
        if let base = $0.baseAddress { (target + first).update(from: base, count: $0.count) }
      }
      (target + second).update(from: end.utf8Start, count: end.utf8CodeUnitCount)
      return second &+ end.utf8CodeUnitCount
    }
  }

  /// Writes one value that is already JSON text, unchanged and unchecked.
  public mutating func raw(_ text: UnsafeBufferPointer<UInt8>) {
    assert(!text.isEmpty, "a value has at least one byte")
    order.value()
    startInPieces()
    bytes.append(contentsOf: text)
  }
}

extension JSONWriter {
  @inline(__always)
  private mutating func begin(_ bracket: UInt8) {
    appendAfterComma(atMost: 1) { target in
      target[0] = bracket
      return 1
    }
    needsComma = false
  }

  @inline(__always)
  private mutating func end(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  @inline(__always)
  private mutating func literal(_ text: StaticString) {
    appendValue(atMost: text.utf8CodeUnitCount) { target in
      copy(text.utf8Start, to: target, count: text.utf8CodeUnitCount)
      return text.utf8CodeUnitCount
    }
  }

  /// Appends a scalar: `fill` writes up to `capacity` bytes at the given address, and returns their number.
  @inline(__always)
  mutating func appendValue(atMost capacity: Int, _ fill: (UnsafeMutablePointer<UInt8>) -> Int) {
    order.value()
    appendAfterComma(atMost: capacity, fill)
  }

  /// Appends a key, and the value that `fill` writes. If `fill` returns a negative number, appends the key
  /// alone; the caller then writes its value.
  ///
  /// - Returns: whether the value was appended.
  @inline(__always) @discardableResult
  mutating func appendMember(
    _ name: StaticString, atMost capacity: Int, _ fill: (UnsafeMutablePointer<UInt8>) -> Int
  ) -> Bool {
    assert(name.isPlainASCII, "this key must be written as a String")
    let start = name.utf8CodeUnitCount &+ 3
    var hasValue = false
    appendAfterComma(atMost: start &+ capacity) { target in
      target[0] = ASCII.quote
      copy(name.utf8Start, to: target + 1, count: start &- 3)
      target[start &- 2] = ASCII.quote
      target[start &- 1] = ASCII.colon
      let written = fill(target + start)
      hasValue = written >= 0
      return start &+ max(written, 0)
    }
    order.key()
    if hasValue { order.value() } else { needsComma = false }
    return hasValue
  }

  /// Appends the bytes that `fill` writes, preceded by a comma if one is due. Appends nothing if `fill`
  /// returns a negative number.
  ///
  /// - Returns: whether anything was appended.
  @inline(__always) @discardableResult
  mutating func appendAfterComma(atMost capacity: Int, _ fill: (UnsafeMutablePointer<UInt8>) -> Int) -> Bool {
    let comma = needsComma ? 1 : 0
    var written = 0
    bytes.append(addingCapacity: capacity &+ 1) { span in
      span.withUnsafeMutableBufferPointer { buffer, count in
        // The span has room for `capacity` + 1 bytes, of a type that needs no initialisation before it is
        // written to.
        guard let base = buffer.baseAddress else { return }
        base[0] = ASCII.comma
        written = fill(base + comma)
        if written >= 0 { count = comma &+ written }
      }
    }
    if written < 0 { return false }
    needsComma = true
    return true
  }

  /// Appends bytes to a string that `startInPieces` started.
  @inline(__always)
  mutating func append(contentsOf more: UnsafeBufferPointer<UInt8>) {
    bytes.append(contentsOf: more)
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    bytes.append(byte)
  }

  /// Appends a comma if one is due, before a key or value that is written in pieces.
  @inline(__always)
  mutating func startInPieces() {
    if needsComma { bytes.append(ASCII.comma) }
    needsComma = true
  }
}

extension StaticString {
  /// Whether the text can stand between quotes without escapes.
  var isPlainASCII: Bool {
    UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
      .allSatisfy { (0x20..<0x80).contains($0) && $0 != ASCII.quote && $0 != ASCII.backslash }
  }
}

extension JSONWriter {
  /// The text of a JSON object whose members `body` writes.
  public static func object(reserving capacity: Int = 128, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter(reserving: capacity)
    writer.beginObject()
    body(&writer)
    writer.endObject()
    return writer.take()
  }
}

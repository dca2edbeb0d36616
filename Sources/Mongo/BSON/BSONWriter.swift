/// Writes a BSON document into bytes.
///
/// Appending never fails at once: the first error (a key with a NUL, too deep, too large) is kept, and
/// ``finish()`` throws it.
public struct BSONWriter: Sendable {
  private var bytes: [UInt8]
  private var depth: Int
  private var error: BSONError?

  /// Creates a writer of an empty document, with room for `capacity` bytes.
  public init(capacity: Int = 256) {
    bytes = []
    bytes.reserveCapacity(capacity)
    bytes.append(contentsOf: [0, 0, 0, 0])
    depth = 1
  }

  /// Returns the document, or throws the first error met while writing it.
  public consuming func finish() throws(BSONError) -> BSONDocument {
    end(at: 0)
    if let error { throw error }
    guard bytes.count <= BSONDocument.maximumSize else { throw .tooLarge }
    return BSONDocument(trusted: bytes)
  }

  /// Appends an int32.
  public mutating func append(_ key: String, _ value: Int32) {
    begin(.int32, key)
    appendInteger(value)
  }

  /// Appends an int64.
  public mutating func append(_ key: String, _ value: Int64) {
    begin(.int64, key)
    appendInteger(value)
  }

  /// Appends a double.
  public mutating func append(_ key: String, _ value: Double) {
    begin(.double, key)
    appendInteger(value.bitPattern)
  }

  /// Appends a string, which may contain NUL.
  public mutating func append(_ key: String, _ value: String) {
    begin(.string, key)
    let utf8 = value.utf8
    appendInteger(Int32(truncatingIfNeeded: utf8.count + 1))
    bytes.append(contentsOf: utf8)
    bytes.append(0)
    checkSize()
  }

  /// Appends a boolean.
  public mutating func append(_ key: String, _ value: Bool) {
    begin(.bool, key)
    bytes.append(value ? 1 : 0)
  }

  /// Appends a date, in milliseconds since 1970-01-01T00:00:00Z.
  public mutating func append(_ key: String, milliseconds: Int64) {
    begin(.date, key)
    appendInteger(milliseconds)
  }

  /// Appends a timestamp of the server's.
  mutating func append(_ key: String, timestamp: UInt64) {
    begin(.timestamp, key)
    appendInteger(timestamp)
  }

  /// Appends binary of subtype 0.
  public mutating func append(_ key: String, binary: some Collection<UInt8>) {
    begin(.binary, key)
    appendInteger(Int32(truncatingIfNeeded: binary.count))
    bytes.append(0)
    bytes.append(contentsOf: binary)
    checkSize()
  }

  /// Appends a UUID.
  public mutating func append(_ key: String, _ value: BSONUUID) {
    begin(.binary, key)
    appendInteger(Int32(truncatingIfNeeded: value.bytes.count))
    bytes.append(BSONUUID.subtype)
    bytes.append(contentsOf: value.bytes)
    checkSize()
  }

  /// Appends null.
  public mutating func appendNull(_ key: String) {
    begin(.null, key)
  }

  /// Appends an ObjectId.
  public mutating func append(_ key: String, _ value: BSONObjectID) {
    begin(.objectID, key)
    appendInteger(value.high.byteSwapped)
    appendInteger(value.low.byteSwapped)
  }

  /// Appends a document as it is.
  public mutating func append(_ key: String, _ value: BSONDocument) {
    begin(.document, key)
    bytes.append(contentsOf: value.bytes)
    checkSize()
  }

  /// Appends an array as it is.
  public mutating func append(_ key: String, _ value: BSONArray) {
    begin(.array, key)
    bytes.append(contentsOf: value.document.bytes)
    checkSize()
  }

  /// Appends a value of any supported type.
  public mutating func append(_ key: String, _ value: BSONValue) {
    switch value {
    case .double(let value): append(key, value)
    case .string(let value): append(key, value)
    case .document(let value): append(key, value)
    case .array(let value): append(key, value)
    case .binary(let value): append(key, binary: value)
    case .objectID(let value): append(key, value)
    case .bool(let value): append(key, value)
    case .date(let value): append(key, milliseconds: value)
    case .null: appendNull(key)
    case .int32(let value): append(key, value)
    case .int64(let value): append(key, value)
    }
  }

  /// Appends a document that `body` writes in place. Inlined, as the next one: the error's type would be looked up
  /// at run time.
  @inlinable
  public mutating func append<E: Error>(
    _ key: String, document body: (inout BSONWriter) throws(E) -> Void
  ) throws(E) {
    let start = open(.document, key)
    try body(&self)
    end(at: start)
  }

  /// Appends an array that `body` writes in place.
  @inlinable
  public mutating func append<E: Error>(
    _ key: String, array body: (inout BSONArrayWriter) throws(E) -> Void
  ) throws(E) {
    let start = open(.array, key)
    // The bytes move into the array's writer and back, and are never copied.
    var array = BSONArrayWriter(writer: self.take())
    defer {
      self = array.writer
      end(at: start)
    }
    try body(&array)
  }

  mutating func append(index: Int, _ value: BSONValue) {
    append(String(index), value)
  }
}

extension BSONWriter {
  private init(empty: Void) { (bytes, depth) = ([], 0) }

  @usableFromInline mutating func take() -> BSONWriter {
    var other = BSONWriter(empty: ())
    swap(&self, &other)
    return other
  }

  private mutating func begin(_ type: BSONType, _ key: String) {
    bytes.append(type.rawValue)
    let start = bytes.count
    bytes.append(contentsOf: key.utf8)
    if bytes[start...].contains(0) { fail(.keyContainsNUL) }
    bytes.append(0)
  }

  @usableFromInline mutating func open(_ type: BSONType, _ key: String) -> Int {
    begin(type, key)
    depth += 1
    if depth > BSONDocument.maximumDepth { fail(.tooDeep) }
    let start = bytes.count
    bytes.append(contentsOf: [0, 0, 0, 0])
    return start
  }

  @usableFromInline mutating func end(at start: Int) {
    bytes.append(0)
    depth -= 1
    let length = UInt32(truncatingIfNeeded: bytes.count - start)
    for shift in 0..<4 { bytes[start + shift] = UInt8(truncatingIfNeeded: length >> (8 * shift)) }
    checkSize()
  }

  private mutating func appendInteger(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  private mutating func checkSize() {
    guard bytes.count > BSONDocument.maximumSize else { return }
    fail(.tooLarge)
  }

  private mutating func fail(_ error: BSONError) {
    if self.error == nil { self.error = error }
  }
}

/// Writes the elements of a BSON array; see ``BSONWriter/append(_:array:)``.
public struct BSONArrayWriter: Sendable {
  @usableFromInline var writer: BSONWriter
  @usableFromInline var count = 0

  @usableFromInline init(writer: BSONWriter) {
    self.writer = writer
  }

  /// Appends a value of any supported type.
  public mutating func append(_ value: BSONValue) {
    writer.append(String(count), value)
    count += 1
  }

  /// Appends a document that `body` writes in place.
  @inlinable
  public mutating func append<E: Error>(
    document body: (inout BSONWriter) throws(E) -> Void
  ) throws(E) {
    let key = String(count)
    count += 1
    try writer.append(key, document: body)
  }
}

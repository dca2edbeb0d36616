import LibC

/// The key of an element; it is compared with text without making a string of it.
public struct BSONKey: Sendable {
  let storage: [UInt8]
  let range: Range<Int>

  /// Whether the key is this text, byte for byte.
  public static func == (key: BSONKey, text: String) -> Bool {
    let utf8 = text.utf8
    guard utf8.count == key.range.count else { return false }
    // Literals and small strings are contiguous: the memory is compared without a copy.
    let same = utf8.withContiguousStorageIfAvailable { text in
      key.storage.withUnsafeBufferPointer { bytes in
        text.isEmpty
          || memcmp(
            text.baseAddress.unsafelyUnwrapped, bytes.baseAddress.unsafelyUnwrapped + key.range.lowerBound,
            text.count) == 0
      }
    }
    return same ?? key.storage[key.range].elementsEqual(utf8)
  }

  /// Lets a `switch` over a key match texts.
  public static func ~= (text: String, key: BSONKey) -> Bool {
    key == text
  }

  /// The key as text.
  public func string() throws(BSONError) -> String {
    try storage.text(range)
  }
}

/// One element of a document: a key, a type, and a value that is decoded on demand.
public struct BSONElement: Sendable {
  let storage: [UInt8]
  let extent: BSONScanner.Extent

  /// The value's type.
  public var type: BSONType { extent.type }

  /// The key.
  public var key: BSONKey { BSONKey(storage: storage, range: extent.key) }

  /// Whether the value is null.
  public var isNull: Bool { type == .null }

  /// The value as an int32.
  public func int32() throws(BSONError) -> Int32 {
    try expect(.int32)
    return Int32(littleEndian: load())
  }

  /// The value as an int64, from an int64, an int32, or a double that is a whole number.
  public func int64() throws(BSONError) -> Int64 {
    switch type {
    case .int64: return Int64(littleEndian: load())
    case .int32: return Int64(Int32(littleEndian: load()))
    case .double:
      guard let whole = Int64(exactly: Double(bitPattern: UInt64(littleEndian: load()))) else {
        throw mismatch(.int64)
      }
      return whole
    default: throw mismatch(.int64)
    }
  }

  /// The value as a double; integers are converted.
  public func double() throws(BSONError) -> Double {
    switch type {
    case .double: return Double(bitPattern: UInt64(littleEndian: load()))
    case .int32, .int64: return Double(try int64())
    default: throw mismatch(.double)
    }
  }

  /// The value as a string.
  public func string() throws(BSONError) -> String {
    try expect(.string)
    return try storage.text(text)
  }

  /// The bytes of a string, unchecked: for callers that copy them on unchanged.
  public func utf8() throws(BSONError) -> ArraySlice<UInt8> {
    try expect(.string)
    return storage[text]
  }

  /// The value as a boolean.
  public func bool() throws(BSONError) -> Bool {
    try expect(.bool)
    let byte = storage[extent.value.lowerBound]
    guard byte <= 1 else { throw .invalidBool(byte, offset: extent.value.lowerBound) }
    return byte == 1
  }

  /// The value as a date, in milliseconds since 1970-01-01T00:00:00Z.
  public func milliseconds() throws(BSONError) -> Int64 {
    try expect(.date)
    return Int64(littleEndian: load())
  }

  /// The value as a timestamp of the server's: seconds since 1970 in its upper half, a number within the second below.
  func timestamp() throws(BSONError) -> UInt64 {
    try expect(.timestamp)
    return UInt64(littleEndian: load())
  }

  /// The value as binary of subtype 0; the bytes are shared, not copied.
  public func binary() throws(BSONError) -> ArraySlice<UInt8> {
    let (subtype, bytes) = try binaryOfAnySubtype()
    guard subtype == 0 else { throw .unsupportedBinarySubtype(subtype) }
    return bytes
  }

  /// The value as binary of any subtype; the bytes are shared, not copied.
  public func binaryOfAnySubtype() throws(BSONError) -> (subtype: UInt8, bytes: ArraySlice<UInt8>) {
    try expect(.binary)
    let start = extent.value.lowerBound + 5
    return (storage[start - 1], storage[start..<extent.value.upperBound])
  }

  /// The value as an ObjectId.
  public func objectID() throws(BSONError) -> BSONObjectID {
    try expect(.objectID)
    return BSONObjectID(high: UInt64(bigEndian: load()), low: UInt32(bigEndian: load(at: 8)))
  }

  /// The value as a document, which shares these bytes.
  public func document() throws(BSONError) -> BSONDocument {
    try expect(.document)
    return nested
  }

  /// The value as an array, which shares these bytes.
  public func array() throws(BSONError) -> BSONArray {
    try expect(.array)
    return BSONArray(nested)
  }

  /// A document with this element alone, whatever its type.
  public var alone: BSONDocument {
    let content = storage[(extent.key.lowerBound - 1)..<extent.value.upperBound]
    let length = withUnsafeBytes(of: Int32(content.count + 5).littleEndian, Array.init)
    return BSONDocument(trusted: length + content + [0])
  }

  /// The value, of any supported type.
  public func value() throws(BSONError) -> BSONValue {
    switch type {
    case .double: .double(try double())
    case .string: .string(try string())
    case .document: .document(nested)
    case .array: .array(BSONArray(nested))
    case .binary: .binary(Array(try binary()))
    case .objectID: .objectID(try objectID())
    case .bool: .bool(try bool())
    case .date: .date(milliseconds: try milliseconds())
    case .null: .null
    case .int32: .int32(try int32())
    case .int64: .int64(try int64())
    default: throw .unsupportedType(type)
    }
  }
}

extension [UInt8] {
  /// The text in these bytes.
  fileprivate func text(_ range: Range<Int>) throws(BSONError) -> String {
    do {
      return String(copying: try UTF8Span(validating: span.extracting(range)))
    } catch {
      throw .invalidUTF8(offset: range.lowerBound)
    }
  }
}

extension BSONElement {
  private var text: Range<Int> { (extent.value.lowerBound + 4)..<(extent.value.upperBound - 1) }

  private var nested: BSONDocument {
    BSONDocument(storage: storage, lower: extent.value.lowerBound, upper: extent.value.upperBound)
  }

  /// The scanner has already made sure that the bytes of the type are there.
  private func load<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int = 0) -> T {
    storage.span.bytes.unsafeLoadUnaligned(fromByteOffset: extent.value.lowerBound + offset, as: T.self)
  }

  private func expect(_ expected: BSONType) throws(BSONError) {
    guard type == expected else {
      guard type.isSupported else { throw .unsupportedType(type) }
      throw mismatch(expected)
    }
  }

  private func mismatch(_ expected: BSONType) -> BSONError {
    .typeMismatch(
      key: String(decoding: storage[extent.key], as: UTF8.self), expected: expected, found: type)
  }
}

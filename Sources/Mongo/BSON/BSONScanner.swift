/// Finds elements in bytes, checking every length before it is used.
///
/// The unaligned loads are of integers, for which every bit pattern is valid, and `RawSpan` checks their
/// bounds; the checks here make sure that those never trap.
enum BSONScanner {
  /// The places of an element's parts.
  struct Extent {
    var type: BSONType
    var key: Range<Int>
    var value: Range<Int>
  }

  /// The length field at this offset, where there must be 4 bytes.
  static func length(in bytes: RawSpan, at offset: Int) -> Int {
    Int(Int32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Int32.self)))
  }

  /// The element at `offset` of a document whose terminator is at `last`; nil at the terminator.
  static func element(in bytes: RawSpan, at offset: Int, last: Int) throws(BSONError) -> Extent? {
    guard offset < last else {
      guard offset == last, byte(bytes, last) == 0 else { throw .missingTerminator(offset: last) }
      return nil
    }
    let tag = byte(bytes, offset)
    guard let type = BSONType(rawValue: tag) else { throw .unknownType(tag, offset: offset) }
    let keyEnd = try terminator(in: bytes, from: offset + 1, last: last)
    let start = keyEnd + 1
    let size = try valueSize(type, in: bytes, at: start, last: last)
    guard size <= last - start else { throw .truncated(offset: start) }
    return Extent(type: type, key: (offset + 1)..<keyEnd, value: start..<(start + size))
  }

  static func byte(_ bytes: RawSpan, _ offset: Int) -> UInt8 {
    bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }

  private static func terminator(in bytes: RawSpan, from: Int, last: Int) throws(BSONError) -> Int {
    var offset = from
    while offset < last {
      if byte(bytes, offset) == 0 { return offset }
      offset += 1
    }
    throw .missingTerminator(offset: from)
  }

  private static func valueSize(
    _ type: BSONType, in bytes: RawSpan, at start: Int, last: Int
  ) throws(BSONError) -> Int {
    switch type {
    case .null, .undefined, .minKey, .maxKey: return 0
    case .bool: return 1
    case .int32: return 4
    case .double, .date, .int64, .timestamp: return 8
    case .objectID: return 12
    case .decimal128: return 16
    case .string, .code, .symbol: return try stringSize(in: bytes, at: start, last: last)
    case .dbPointer: return try stringSize(in: bytes, at: start, last: last) + 12
    case .binary: return try sizeField(in: bytes, at: start, last: last, least: 0) + 5
    case .document, .array:
      let size = try sizeField(in: bytes, at: start, last: last, least: 5)
      guard size <= last - start else { throw .truncated(offset: start) }
      guard byte(bytes, start + size - 1) == 0 else { throw .missingTerminator(offset: start + size - 1) }
      return size
    case .codeWithScope: return try sizeField(in: bytes, at: start, last: last, least: 14)
    case .regularExpression:
      let pattern = try terminator(in: bytes, from: start, last: last)
      return try terminator(in: bytes, from: pattern + 1, last: last) + 1 - start
    }
  }

  private static func stringSize(in bytes: RawSpan, at start: Int, last: Int) throws(BSONError) -> Int {
    let size = try sizeField(in: bytes, at: start, last: last, least: 1) + 4
    guard size <= last - start else { throw .truncated(offset: start) }
    guard byte(bytes, start + size - 1) == 0 else { throw .missingTerminator(offset: start + size - 1) }
    return size
  }

  private static func sizeField(
    in bytes: RawSpan, at start: Int, last: Int, least: Int
  ) throws(BSONError) -> Int {
    guard last - start >= 4 else { throw .truncated(offset: start) }
    let size = length(in: bytes, at: start)
    guard size >= least else { throw .badLength(offset: start) }
    return size
  }

  /// Checks a whole document. The depth bounds the recursion.
  static func validate(_ bytes: RawSpan, lower: Int, upper: Int, depth: Int) throws(BSONError) {
    guard depth <= BSONDocument.maximumDepth else { throw .tooDeep }
    var offset = lower + 4
    while let extent = try element(in: bytes, at: offset, last: upper - 1) {
      try validateUTF8(bytes, extent.key)
      let value = extent.value
      switch extent.type {
      case .string:
        try validateUTF8(bytes, (value.lowerBound + 4)..<(value.upperBound - 1))
      case .document, .array:
        try validate(bytes, lower: value.lowerBound, upper: value.upperBound, depth: depth + 1)
      case .binary:
        let subtype = byte(bytes, value.lowerBound + 4)
        guard subtype == 0 else { throw .unsupportedBinarySubtype(subtype) }
      case .bool:
        let flag = byte(bytes, value.lowerBound)
        guard flag <= 1 else { throw .invalidBool(flag, offset: value.lowerBound) }
      case let type:
        guard type.isSupported else { throw .unsupportedType(type) }
      }
      offset = value.upperBound
    }
  }

  private static func validateUTF8(_ bytes: RawSpan, _ range: Range<Int>) throws(BSONError) {
    let valid = bytes.extracting(range).withUnsafeBytes { raw in
      // Rebinding is safe: the bytes were an array of UInt8.
      raw.withMemoryRebound(to: UInt8.self) { text in
        do {
          _ = try UTF8Span(validating: Span(_unsafeElements: text))
          return true
        } catch {
          return false
        }
      }
    }
    guard valid else { throw .invalidUTF8(offset: range.lowerBound) }
  }
}

/// Reads the bytes that a `ByteWriter` wrote. Never reads past the end: bytes that end early or are
/// impossible throw a `DecodingFailure`.
public struct ByteReader: Sendable {
  /// All bytes, including those already read.
  public let bytes: [UInt8]
  /// The offset of the next read.
  public private(set) var offset = 0

  /// Creates a reader at the start of these bytes.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The number of bytes left.
  public var remaining: Int { bytes.count - offset }

  /// Whether all bytes were read.
  public var isAtEnd: Bool { offset == bytes.count }

  /// Reads one byte.
  public mutating func readByte() throws(DecodingFailure) -> UInt8 {
    guard offset < bytes.count else {
      throw DecodingFailure(offset: offset, reason: "the bytes end early")
    }
    let byte = bytes[offset]
    offset += 1
    return byte
  }

  /// Reads a varint, which must fit in 64 bits and be written in its shortest form.
  @inline(__always)
  public mutating func readVarint() throws(DecodingFailure) -> UInt64 {
    if offset < bytes.count, case let byte = bytes[offset], byte < 0x80 {
      offset &+= 1
      return UInt64(byte)
    }
    return try readLongVarint()
  }

  @inline(never)
  private mutating func readLongVarint() throws(DecodingFailure) -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try readByte()
      if shift == 63 && byte > 1 {
        throw DecodingFailure(offset: start, reason: "a number is too large")
      }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 {
        guard byte > 0 || shift == 0 else {
          throw DecodingFailure(offset: start, reason: "a number is longer than it needs")
        }
        return value
      }
      shift += 7
    }
  }

  /// Reads a varint of at most `Int.max`.
  public mutating func readCount() throws(DecodingFailure) -> Int {
    let start = offset
    guard let count = Int(exactly: try readVarint()) else {
      throw DecodingFailure(offset: start, reason: "a number is too large")
    }
    return count
  }

  /// Reads a fixed-size number of eight bytes.
  public mutating func readNumber() throws(DecodingFailure) -> UInt64 {
    guard remaining >= 8 else { throw DecodingFailure(offset: offset, reason: "the bytes end early") }
    defer { offset += 8 }
    return bytes[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Reads a byte string: its length as a varint, then the bytes.
  public mutating func readBytes() throws(DecodingFailure) -> ArraySlice<UInt8> {
    let start = offset
    let count = try readCount()
    guard count <= remaining else {
      throw DecodingFailure(offset: start, reason: "the bytes end early")
    }
    let slice = bytes[offset..<offset + count]
    offset += count
    return slice
  }

  /// Reads the byte that tells the format of the rest.
  mutating func expectByte(_ expected: UInt8) throws(DecodingFailure) {
    let start = offset
    guard try readByte() == expected else {
      throw DecodingFailure(offset: start, reason: "no known format")
    }
  }

  /// Passes over bytes.
  mutating func skip(_ count: Int) throws(DecodingFailure) {
    guard count <= remaining else { throw DecodingFailure(offset: offset, reason: "the bytes end early") }
    offset += count
  }

  /// Throws unless all bytes were read.
  public func expectEnd() throws(DecodingFailure) {
    guard isAtEnd else {
      throw DecodingFailure(offset: offset, reason: "bytes are left over")
    }
  }
}

/// The error for bytes that can't be what was once stored.
public struct DecodingFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The offset of the value that can't be read.
  public let offset: Int
  /// The reason.
  public let reason: String

  /// Creates a failure at `offset`.
  public init(offset: Int, reason: String) {
    self.offset = offset
    self.reason = reason
  }

  /// The reason and the offset.
  public var description: String { "\(reason) (at byte \(offset))" }
}

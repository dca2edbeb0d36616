/// A BSON ObjectId: 12 bytes.
public struct BSONObjectID: Sendable, Hashable {
  /// The first eight bytes, the most significant first.
  public private(set) var high: UInt64
  /// The last four bytes, the most significant first.
  public private(set) var low: UInt32

  /// Creates an id from two numbers: `high` gives the first eight bytes and `low` the last four, the most
  /// significant byte first.
  public init(high: UInt64, low: UInt32) {
    (self.high, self.low) = (high, low)
  }

  /// The id with these bytes, or nil unless there are exactly 12.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 12 else { return nil }
    high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// The 12 bytes.
  public var bytes: [UInt8] {
    withUnsafeBytes(of: high.bigEndian, Array.init) + withUnsafeBytes(of: low.bigEndian, Array.init)
  }
}

extension BSONObjectID: CustomStringConvertible {
  /// The id as 24 lower-case hexadecimal digits.
  public var description: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

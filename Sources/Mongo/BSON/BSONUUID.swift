/// A UUID in BSON: binary of subtype 4, 16 bytes. MongoDB identifies collections by UUIDs.
public struct BSONUUID: Sendable, Hashable {
  static let subtype: UInt8 = 4

  /// The 16 bytes.
  public let bytes: [UInt8]

  /// The UUID with these bytes, or nil unless there are exactly 16.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    self.bytes = Array(bytes)
  }
}

extension BSONElement {
  /// The value as a UUID.
  public func uuid() throws(BSONError) -> BSONUUID {
    let (subtype, bytes) = try binaryOfAnySubtype()
    guard subtype == BSONUUID.subtype else { throw .unsupportedBinarySubtype(subtype) }
    guard let uuid = BSONUUID(bytes) else { throw .badLength(offset: extent.value.lowerBound) }
    return uuid
  }
}

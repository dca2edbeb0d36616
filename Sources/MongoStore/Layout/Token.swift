import Mongo

/// Marks what one attempt has written, so that it can be recognised: 96 bits, of which 64 are random.
///
/// A message's token is its `_id`. The seconds come first, so that the index on `_id` grows at its end.
struct Token: Hashable, Sendable {
  let id: BSONObjectID

  static func random(at milliseconds: Int64) -> Token {
    let seconds = UInt32(truncatingIfNeeded: milliseconds / 1000)
    let bytes =
      withUnsafeBytes(of: seconds.bigEndian, Array.init)
      + withUnsafeBytes(of: UInt64.random(in: 0 ... .max), Array.init)
    guard let id = BSONObjectID(bytes) else { preconditionFailure("4 and 8 are 12 bytes") }
    return Token(id: id)
  }
}

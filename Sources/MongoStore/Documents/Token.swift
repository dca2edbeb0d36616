import Mongo

/// A token that identifies what one attempt has written: 96 bits, of which 64 are random.
///
/// A message's token is its `_id`. The seconds come first, so that the index on `_id` grows at its end.
struct Token: Hashable, Sendable {
  let id: BSONObjectID

  static func random(at milliseconds: Int64) -> Token {
    Token(.random(in: 0 ... .max), at: milliseconds)
  }

  /// The token with this random part.
  init(_ random: UInt64, at milliseconds: Int64) {
    let seconds = UInt32(truncatingIfNeeded: milliseconds / 1000)
    id = BSONObjectID(
      high: UInt64(seconds) << 32 | random >> 32, low: UInt32(truncatingIfNeeded: random))
  }
}

extension BSONObjectID {
  /// The random part of a token.
  var random: UInt64 { high << 32 | UInt64(low) }
}

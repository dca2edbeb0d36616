/// The place at which a listing continues: a position in each log, never a time, together with what the first
/// page decided. So nothing is repeated or skipped, whatever is sent or marked meanwhile.
public struct Cursor: Hashable, Sendable {
  /// A fingerprint of the inbox, view, order and filter of the listing.
  var listing: UInt64
  /// The index of the listing's part: `unread_first` has two parts, all other orders have one.
  var part: Int
  /// The number last listed in each log, or the number after which the listing begins.
  var position: Position
  /// The heads of both logs when the listing began: parts that begin later do not go beyond them.
  var heads: Position
  /// The messages in the parts before the last one.
  var earlier = EarlierParts()

  /// A number in each log.
  struct Position: Hashable, Sendable, TwoSided {
    var shared: Int
    var own: Int
  }
}

// The cursor as text.
extension Cursor {
  /// The cursor as clients see it, at most 2 KiB; to them it is opaque.
  public var text: String {
    CursorCode.text(Self.format) { writer in
      writer.writeVarint(listing)
      writer.writeVarint(UInt64(part))
      writer.writePosition(position)
      writer.writePosition(heads)
      earlier.encode(to: &writer, heads)
    }
  }

  /// Reads `text` back; nil for any other text.
  public init?(text: String) {
    let cursor = CursorCode.read(text, format: Self.format) { reader throws(DecodingFailure) in
      let listing = try reader.readVarint()
      let part = try reader.readCount()
      let position = try reader.readPosition()
      let heads = try reader.readPosition()
      return Cursor(
        listing: listing, part: part, position: position, heads: heads,
        earlier: try EarlierParts(from: &reader, heads))
    }
    guard let cursor, cursor.part <= cursor.earlier.parts.count, cursor.text == text else { return nil }
    self = cursor
  }

  // An odd number, as for all listings.
  private static let format: UInt8 = 3
}

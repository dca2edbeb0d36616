/// Where a listing goes on: a position in each log, never a time, so that nothing is repeated or skipped
/// whatever is sent meanwhile.
public struct Cursor: Hashable, Sendable {
  /// Stands for the inbox, view, order and filter that the listing was made with.
  var listing: UInt64
  /// Which part of the listing: `unread_first` has two, all others one.
  var part: Int
  /// The number last listed in each log, or the one that listing begins after.
  var position: Position
  /// The heads of both logs when the listing began: parts that begin later go no further.
  var heads: Position

  /// A number in each log.
  struct Position: Hashable, Sendable {
    var shared: Int
    var own: Int

    subscript(_ side: Inbox.Side) -> Int {
      get { side == .shared ? shared : own }
      set {
        switch side {
        case .shared: shared = newValue
        case .own: own = newValue
        }
      }
    }
  }

  init(listing: UInt64, part: Int, position: Position, heads: Position) {
    self.listing = listing
    self.part = part
    self.position = position
    self.heads = heads
  }

  /// The cursor as clients see it; to them it is opaque.
  public var text: String {
    var writer = ByteWriter()
    writer.writeByte(Self.format)
    writer.writeVarint(listing)
    for number in [part, position.shared, position.own, heads.shared, heads.own] {
      writer.writeVarint(UInt64(number))
    }
    return Base64URL.encode(writer.bytes)
  }

  /// Reads `text` back; nil for any other text.
  public init?(text: String) {
    guard let bytes = Base64URL.decode(text.utf8) else { return nil }
    do {
      var reader = ByteReader(bytes)
      try reader.expectByte(Self.format)
      listing = try reader.readVarint()
      part = try reader.readCount()
      position = Position(shared: try reader.readCount(), own: try reader.readCount())
      heads = Position(shared: try reader.readCount(), own: try reader.readCount())
      try reader.expectEnd()
    } catch {
      // Any other text is no cursor: the caller says so and names the parameter.
      return nil
    }
    // A cursor may come from anywhere: arithmetic on its numbers must not overflow.
    let numbers = [position.shared, position.own, heads.shared, heads.own]
    guard part <= 1, numbers.allSatisfy({ $0 <= Self.largestNumber }), self.text == text else { return nil }
  }

  private static let format: UInt8 = 1
  /// More than any log can hold, far from the largest integer.
  static let largestNumber = 1 << 62
}

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
  public var text: String { code.text }

  /// Reads `text` back; nil for any other text.
  public init?(text: String) {
    guard let code = CursorCode(text: text, format: Self.format, count: 5), code.numbers[0] <= 1 else {
      return nil
    }
    listing = code.name
    part = code.numbers[0]
    position = Position(shared: code.numbers[1], own: code.numbers[2])
    heads = Position(shared: code.numbers[3], own: code.numbers[4])
  }

  private var code: CursorCode {
    CursorCode(
      format: Self.format, name: listing,
      numbers: [part, position.shared, position.own, heads.shared, heads.own])
  }

  private static let format: UInt8 = 1
}

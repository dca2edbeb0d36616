/// How far a host has followed an inbox: a position in everything that can change.
public struct ChangeCursor: Hashable, Sendable {
  /// Stands for the inbox.
  var inbox: UInt64
  /// The last message of each log that was reported or is older than the cursor.
  var position: Cursor.Position
  /// How many retractions of each log were reported.
  var retractions: Cursor.Position
  /// The version of the marks that was reported.
  var marks: Int

  /// The present.
  public init(_ state: InboxState) {
    inbox = Self.name(of: state.inbox)
    position = Cursor.Position(shared: state.shared.head, own: state.own.head)
    retractions = Cursor.Position(
      shared: state.shared.record.retractionCount, own: state.own.record.retractionCount)
    marks = state.marks.version
  }

  /// True if the cursor was made for this inbox.
  public func belongs(to inbox: Inbox) -> Bool { self.inbox == Self.name(of: inbox) }

  private static func name(of inbox: Inbox) -> UInt64 { fingerprint(inbox.own.encoded) }

  /// The cursor as clients see it; to them it is opaque.
  public var text: String {
    CursorCode.text(Self.format) { writer in
      writer.writeVarint(inbox)
      writer.writePosition(position)
      writer.writePosition(retractions)
      writer.writeVarint(UInt64(marks))
    }
  }

  /// Reads `text` back; nil for any other text.
  public init?(text: String) {
    let cursor = CursorCode.read(text, format: Self.format) { reader throws(DecodingFailure) in
      ChangeCursor(
        inbox: try reader.readVarint(), position: try reader.readPosition(),
        retractions: try reader.readPosition(), marks: try reader.readPlace())
    }
    guard let cursor, cursor.text == text else { return nil }
    self = cursor
  }

  private init(inbox: UInt64, position: Cursor.Position, retractions: Cursor.Position, marks: Int) {
    self.inbox = inbox
    self.position = position
    self.retractions = retractions
    self.marks = marks
  }

  // Even, as those of all change cursors.
  private static let format: UInt8 = 2
}

/// FNV-1a: the same in every process and version.
func fingerprint(_ bytes: [UInt8]) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}

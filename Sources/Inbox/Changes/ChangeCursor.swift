/// A position in an inbox's changes: how far a host has followed them, with fingerprints that show whether
/// the logs still have the past that the host followed. A store that was restored or made anew has another
/// past.
public struct ChangeCursor: Hashable, Sendable, TwoSided {
  /// A fingerprint of the inbox.
  var inbox: UInt64
  /// The position in each log.
  var shared: Point
  var own: Point
  /// The version of the marks that was reported.
  var marks: MarksVersion

  /// A position in one log.
  struct Point: Hashable, Sendable {
    /// The number of the last message that was reported or is older than the cursor; 0 if there is none.
    var seq: Int
    /// That message's token; 0 if there is none.
    var token: UInt64
    /// The number of retractions that were reported.
    var retractions: Int
    /// A fingerprint of those retractions: see `LogRecord.trail`.
    var trail: UInt64
  }

  /// A version of the marks.
  struct MarksVersion: Hashable, Sendable {
    var version: Int
    var stamp: UInt64

    init(_ marks: Marks) { (version, stamp) = (marks.version, marks.stamp) }

    fileprivate init(version: Int, stamp: UInt64) { (self.version, self.stamp) = (version, stamp) }
  }

}

extension ChangeCursor {
  /// A cursor at the present. What it has in common with `earlier`, a cursor that was made or compared in the
  /// present past, is not read again.
  public init(_ state: InboxState, after earlier: ChangeCursor? = nil, _ reader: any StoreReader) throws {
    func point(_ side: Inbox.Side) throws -> Point {
      let log = state.log(side)
      if let point = earlier?[side], point.seq == log.head, point.retractions == log.record.retractionCount {
        return point
      }
      return Point(
        seq: log.head, token: try reader.token(in: state.inbox.log(side), log.head),
        retractions: log.record.retractionCount, trail: log.record.trail)
    }
    inbox = Self.name(of: state.inbox)
    shared = try point(.shared)
    own = try point(.own)
    marks = MarksVersion(state.marks)
  }

  /// Whether the cursor was made for this inbox.
  public func belongs(to inbox: Inbox) -> Bool { self.inbox == Self.name(of: inbox) }

  private static func name(of inbox: Inbox) -> UInt64 { inbox.own.fingerprint }
}

// The cursor as text.
extension ChangeCursor {
  /// The cursor as clients see it; to them it is opaque.
  public var text: String {
    CursorCode.text(Self.format) { writer in
      writer.writeNumber(inbox)
      for point in [shared, own] {
        writer.writeVarint(UInt64(point.seq))
        writer.writeNumber(point.token)
        writer.writeVarint(UInt64(point.retractions))
        writer.writeNumber(point.trail)
      }
      writer.writeVarint(UInt64(marks.version))
      writer.writeNumber(marks.stamp)
    }
  }

  /// Reads `text` back; nil for any other text.
  public init?(text: String) {
    let cursor = CursorCode.read(text, format: Self.format) { reader throws(DecodingFailure) in
      ChangeCursor(
        inbox: try reader.readNumber(), shared: try Point(from: &reader), own: try Point(from: &reader),
        marks: MarksVersion(version: try reader.readPlace(), stamp: try reader.readNumber()))
    }
    guard let cursor, cursor.text == text else { return nil }
    self = cursor
  }

  /// Whether a text is a change cursor in the format of another version, which can't be continued.
  public static func isOfAnotherFormat(_ text: String) -> Bool {
    guard let tag = CursorCode.tag(of: text) else { return false }
    return tag.isMultiple(of: 2) && tag != format
  }

  // An even number, as for all change cursors.
  private static let format: UInt8 = 4
}

extension ChangeCursor.Point {
  fileprivate init(from reader: inout ByteReader) throws(DecodingFailure) {
    seq = try reader.readPlace()
    token = try reader.readNumber()
    retractions = try reader.readPlace()
    trail = try reader.readNumber()
  }
}

extension StoreReader {
  /// The token of a message in a log; 0 for number 0, which stands for no message.
  func token(in log: LogName, _ seq: Int) throws -> UInt64 {
    seq > 0 ? try tokens(in: log, [seq])[0] : 0
  }
}

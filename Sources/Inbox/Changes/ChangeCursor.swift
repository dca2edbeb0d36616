/// How far a host has followed an inbox: a position in everything that can change, and what tells that the logs
/// still have the past that was followed. A store that was restored, or made anew, has another one.
public struct ChangeCursor: Hashable, Sendable {
  /// Stands for the inbox.
  var inbox: UInt64
  /// How far each log was followed.
  var shared: Point
  var own: Point
  /// The marks that were reported.
  var marks: MarksVersion

  /// How far a log was followed.
  struct Point: Hashable, Sendable {
    /// The last message that was reported or is older than the cursor; 0 if there is none.
    var seq: Int
    /// That message's token; 0 if there is none.
    var token: UInt64
    /// How many retractions were reported.
    var retractions: Int
    /// Stands for all of them: see `LogRecord.trail`.
    var trail: UInt64
  }

  /// A state of marks.
  struct MarksVersion: Hashable, Sendable {
    var version: Int
    var stamp: UInt64

    init(_ marks: Marks) { (version, stamp) = (marks.version, marks.stamp) }

    fileprivate init(version: Int, stamp: UInt64) { (self.version, self.stamp) = (version, stamp) }
  }

  /// The present.
  public init(_ state: InboxState, _ reader: any StoreReader) throws {
    func point(_ side: Inbox.Side) throws -> Point {
      let log = state.log(side)
      return Point(
        seq: log.head, token: try reader.token(in: state.inbox.log(side), log.head),
        retractions: log.record.retractionCount, trail: log.record.trail)
    }
    inbox = Self.name(of: state.inbox)
    shared = try point(.shared)
    own = try point(.own)
    marks = MarksVersion(state.marks)
  }

  /// True if the cursor was made for this inbox.
  public func belongs(to inbox: Inbox) -> Bool { self.inbox == Self.name(of: inbox) }

  private static func name(of inbox: Inbox) -> UInt64 { fingerprint(inbox.own.encoded) }

  subscript(_ side: Inbox.Side) -> Point {
    get { side == .shared ? shared : own }
    set {
      switch side {
      case .shared: shared = newValue
      case .own: own = newValue
      }
    }
  }
}

// As text.
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

  /// Whether a text is a cursor of changes in the format of another version, which can't be gone on from.
  public static func isOfAnotherFormat(_ text: String) -> Bool {
    guard let tag = CursorCode.tag(of: text) else { return false }
    return tag.isMultiple(of: 2) && tag != format
  }

  private init(inbox: UInt64, shared: Point, own: Point, marks: MarksVersion) {
    self.inbox = inbox
    self.shared = shared
    self.own = own
    self.marks = marks
  }

  // Even, as those of all change cursors.
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
  /// The token of a log's message; 0 for number 0, which stands for none.
  func token(in log: LogName, _ seq: Int) throws -> UInt64 {
    seq > 0 ? try tokens(in: log, [seq])[0] : 0
  }
}

/// FNV-1a: the same in every process and version.
func fingerprint(_ bytes: some Sequence<UInt8>, from start: UInt64 = 0xcbf2_9ce4_8422_2325) -> UInt64 {
  bytes.reduce(start) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}

/// One reader's marks in one inbox: the only record that each reader has separately.
public struct Marks: Hashable, Sendable {
  /// The version, which each change increases by one; 0 if nothing was ever written.
  public var version = 0
  /// A random number, new with each change: marks of the same version with another stamp have another
  /// history, for instance that of a backup.
  public var stamp: UInt64 = 0
  /// The part of the shared log that the reader sees.
  public internal(set) var membership = Membership()
  /// Marks of the shared log.
  public internal(set) var shared = LogMarks()
  /// Marks of the reader's own log.
  public internal(set) var own = LogMarks()

  /// The marks of an inbox in which nothing was marked.
  public init() {}

  subscript(_ side: Inbox.Side) -> LogMarks {
    get { side == .shared ? shared : own }
    set {
      switch side {
      case .shared: shared = newValue
      case .own: own = newValue
      }
    }
  }

  /// The highest number of a log that is marked or lies in one of the reader's closed ranges; 0 if there is
  /// none.
  public func last(_ side: Inbox.Side) -> Int {
    let marks = self[side]
    let sets = [marks.read, marks.seen, marks.archived, marks.deleted].map { $0.last ?? 0 }
    let ranges = side == .shared ? max(membership.closed.last ?? 0, membership.since - 1) : 0
    return max(sets.max() ?? 0, marks.folded, ranges)
  }

  /// The largest `encoded` that a store accepts: 4 MiB, which is some two million ranges, and a quarter of
  /// the size that MongoDB allows for a document.
  public static let maximumSize = 4 << 20
}

extension Marks {
  /// The marks as bytes for a store, without `version` and `stamp`: a byte for the format, the membership,
  /// then the sets of each log as delta-varints (100,000 ranges take 195 KiB).
  public var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.writeByte(Self.format)
    writer.writeByte(membership.standing.rawValue)
    membership.closed.encode(to: &writer)
    writer.writeVarint(UInt64(membership.since))
    for marks in [shared, own] {
      for set in [marks.read, marks.seen, marks.archived, marks.deleted] { set.encode(to: &writer) }
      writer.writeVarint(UInt64(marks.folded))
    }
    return writer.bytes
  }

  /// Decodes the bytes of `encoded`; throws `DecodingFailure` or `OutOfBounds` for bytes that `encoded` never
  /// returns.
  public init(version: Int, stamp: UInt64, encoded bytes: [UInt8]) throws {
    guard bytes.count <= Self.maximumSize else {
      throw DecodingFailure(offset: 0, reason: "more bytes than any have")
    }
    self.version = version
    self.stamp = stamp
    var reader = ByteReader(bytes)
    try reader.expectByte(Self.format)
    guard let standing = Membership.Standing(rawValue: try reader.readByte()) else {
      throw DecodingFailure(offset: reader.offset, reason: "no such membership")
    }
    let closed = try SequenceSet(from: &reader)
    membership = Membership(standing: standing, closed: closed, since: try reader.readCount())
    shared = try LogMarks(from: &reader)
    own = try LogMarks(from: &reader)
    try reader.expectEnd()
    try check()
  }

  private static let format: UInt8 = 1
}

extension LogMarks {
  fileprivate init(from reader: inout ByteReader) throws {
    read = try SequenceSet(from: &reader)
    seen = try SequenceSet(from: &reader)
    archived = try SequenceSet(from: &reader)
    deleted = try SequenceSet(from: &reader)
    folded = try reader.readCount()
  }
}

/// One reader's marks in one inbox: the only record that each reader has separately.
public struct Marks: Hashable, Sendable, TwoSided {
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

  /// The highest number of a log that is marked or lies in one of the reader's closed ranges; 0 if there is
  /// none.
  public func last(_ side: Inbox.Side) -> Int {
    let marks = self[side]
    let ranges = side == .shared ? max(membership.closed.last ?? 0, membership.since - 1) : 0
    return max(marks.sets.map { $0.last ?? 0 }.max() ?? 0, marks.folded, ranges)
  }

  /// How many ranges the marks hold.
  public var rangeCount: Int {
    (shared.sets + own.sets).reduce(membership.closed.spanCount) { $0 + $1.spanCount }
  }

  /// The largest `encoded` that a store accepts: 4 MiB, which is some two million ranges, and a quarter of
  /// the size that MongoDB allows for a document.
  public static let maximumSize = 4 << 20
}

extension Marks {
  /// The marks as bytes for a store, without `version` and `stamp`; the sets are delta-varints (100,000 ranges take
  /// 195 KiB).
  public var encoded: [UInt8] { Self.codec.encode(self) }

  /// The marks that a store writes in place of `before`, the next version of these, with their bytes; nil if these
  /// are the same as `before`. Throws `limitReached`.
  public func replacing(_ before: Marks) throws(StoreError) -> (marks: Marks, bytes: [UInt8])? {
    guard self != before else { return nil }
    var next = self
    next.version = before.version + 1
    next.stamp = .random(in: 0 ... .max)
    let bytes = encoded
    guard bytes.count <= Self.maximumSize else { throw .marksTooLarge }
    return (next, bytes)
  }

  /// Decodes the bytes of `encoded`; throws `NewerVersion` for those of a later version, and `DecodingFailure` or
  /// `OutOfBounds` for bytes that `encoded` never returns.
  public init(version: Int, stamp: UInt64, encoded bytes: [UInt8]) throws {
    guard bytes.count <= Self.maximumSize else {
      throw DecodingFailure(offset: 0, reason: "more bytes than any have")
    }
    self.version = version
    self.stamp = stamp
    try Self.codec.decode(bytes, into: &self)
    try check()
  }

  /// What can be read of damaged bytes, within the bounds of a store.
  static func salvaged(_ bytes: [UInt8]) -> Marks {
    var marks = Marks()
    codec.salvage(bytes, into: &marks)
    do {
      try marks.check()
    } catch {
      // A membership that can't be is that of a reader who never joined.
      marks.membership = Membership()
    }
    return marks
  }

  private static let codec = SectionCodec<Marks>(
    format: 2,
    [
      Section(
        tag: 1, write: { $0.membership.encode(to: &$1) }, read: { $0.membership = try Membership(from: &$1) }),
      .set(2, { $0.shared.read }, { $0.shared.read = $1 }),
      .set(3, { $0.shared.seen }, { $0.shared.seen = $1 }),
      .set(4, { $0.shared.archived }, { $0.shared.archived = $1 }),
      .set(5, { $0.shared.deleted }, { $0.shared.deleted = $1 }),
      .number(6, { $0.shared.folded }, { $0.shared.folded = $1 }),
      .set(7, { $0.own.read }, { $0.own.read = $1 }),
      .set(8, { $0.own.seen }, { $0.own.seen = $1 }),
      .set(9, { $0.own.archived }, { $0.own.archived = $1 }),
      .set(10, { $0.own.deleted }, { $0.own.deleted = $1 }),
      .number(11, { $0.own.folded }, { $0.own.folded = $1 }),
    ])
}

extension Membership {
  /// Writes nothing for a reader who never joined or left.
  fileprivate func encode(to writer: inout ByteWriter) {
    guard self != Membership() else { return }
    writer.writeByte(standing.rawValue)
    closed.encode(to: &writer)
    writer.writeVarint(UInt64(since))
  }

  fileprivate init(from reader: inout ByteReader) throws {
    let start = reader.offset
    guard let standing = Standing(rawValue: try reader.readByte()), standing != .none else {
      throw DecodingFailure(offset: start, reason: "no such membership")
    }
    let closed = try SequenceSet(from: &reader)
    self.init(standing: standing, closed: closed, since: try reader.readCount())
  }
}

extension Marks {
  /// Checks marks that were read, without the logs that they belong to.
  func check() throws(OutOfBounds) {
    let largest = StoreBounds.largestNumber
    guard (0...largest).contains(version),
      [shared, own].allSatisfy({ marks in
        marks.folded <= largest && marks.sets.allSatisfy { $0.last ?? 0 <= largest }
      })
    else { throw OutOfBounds("marks hold no possible numbers") }
    let last = membership.closed.last ?? 0
    let isMember = membership.standing == .member
    guard last <= largest,
      isMember ? (last + 1...largest + 1).contains(membership.since) : membership.since == 0
    else { throw OutOfBounds("marks hold no possible membership") }
  }
}

/// The messages in the parts of a listing before its last one, as its first page decided: `unread_first` has
/// one such part, all other orders have none. A cursor carries them, so that a message stays in its part,
/// whatever is marked between two pages.
///
/// The last part holds all other messages, including those that did not fit here: they have their own places
/// there.
struct EarlierParts: Hashable, Sendable {
  /// The parts in order; no number is in two of them.
  private(set) var parts: [Listing.Part] = []

  /// No parts before the last one.
  init() {}

  /// Takes as much of these parts as fits into a cursor: earlier parts first, and of each part the newest
  /// ranges of both logs in turn. No number is above the heads.
  init(_ parts: [Listing.Part], _ heads: Cursor.Position) {
    var room = Self.room
    for part in parts {
      room -= Self.countsSize
      self.parts.append(Self.newest(of: part, heads, &room))
    }
  }

  /// The number of bytes that ranges may take: with everything else, a cursor's text then stays within 2 KiB.
  private static let room = 1472
  /// The number of bytes for a part's number of ranges on each side.
  private static let countsSize = 4
  /// The largest number of parts before the last one; no order has more.
  private static let most = 8

  private static func newest(
    of part: Listing.Part, _ heads: Cursor.Position, _ room: inout Int
  ) -> Listing.Part {
    let spans = [part.shared.spans, part.own.spans]
    var kept: [[SequenceSet.Span]] = [[], []]
    var above = [heads.shared + 1, heads.own + 1]
    var left = [spans[0].count, spans[1].count]
    while left[0] + left[1] > 0 {
      for side in 0..<2 where left[side] > 0 {
        let span = spans[side][left[side] - 1]
        let size =
          ByteWriter.size(ofVarint: above[side] - span.last - 1) + ByteWriter.size(ofVarint: span.count)
        guard size <= room else { return Listing.Part(kept) }
        room -= size
        kept[side].append(span)
        above[side] = span.first
        left[side] -= 1
      }
    }
    return Listing.Part(kept)
  }

  /// Splits the members of a listing into the parts that they are in.
  func split(_ whole: Listing.Part) -> [Listing.Part] {
    var rest = whole
    var found: [Listing.Part] = []
    for part in parts {
      found.append(
        Listing.Part(
          shared: rest.shared.intersection(part.shared), own: rest.own.intersection(part.own)))
      rest.shared.subtract(part.shared)
      rest.own.subtract(part.own)
    }
    return found + [rest]
  }
}

extension Listing.Part {
  /// The ranges of both sides, newest first.
  fileprivate init(_ spans: [[SequenceSet.Span]]) {
    func set(_ spans: [SequenceSet.Span]) -> SequenceSet {
      var builder = SequenceSet.SpanBuilder()
      for span in spans.reversed() { builder.append(span) }
      return SequenceSet(builder)
    }
    self.init(shared: set(spans[0]), own: set(spans[1]))
  }
}

extension EarlierParts {
  /// Writes the ranges from the heads down: for each, how many numbers are missing above it, and how many it
  /// has.
  func encode(to writer: inout ByteWriter, _ heads: Cursor.Position) {
    writer.writeVarint(UInt64(parts.count))
    for part in parts {
      for side in Inbox.Side.allCases {
        let spans = part[side].spans
        writer.writeVarint(UInt64(spans.count))
        var above = heads[side] + 1
        for span in spans.reversed() {
          writer.writeVarint(UInt64(above - span.last - 1))
          writer.writeVarint(UInt64(span.count))
          above = span.first
        }
      }
    }
  }

  /// Reads the ranges that `encode` wrote.
  init(from reader: inout ByteReader, _ heads: Cursor.Position) throws(DecodingFailure) {
    let count = try reader.readCount()
    guard count <= Self.most else { throw DecodingFailure(offset: reader.offset, reason: "too many parts") }
    for _ in 0..<count {
      var sides: [[SequenceSet.Span]] = []
      for side in Inbox.Side.allCases {
        sides.append(try Self.spans(from: &reader, below: heads[side] + 1))
      }
      parts.append(Listing.Part(sides))
    }
  }

  private static func spans(
    from reader: inout ByteReader, below top: Int
  ) throws(DecodingFailure) -> [SequenceSet.Span] {
    let start = reader.offset
    let count = try reader.readCount()
    guard count <= reader.remaining / 2 else {
      throw DecodingFailure(offset: start, reason: "more ranges than the bytes can hold")
    }
    var spans: [SequenceSet.Span] = []
    var above = top
    for _ in 0..<count {
      let gap = try reader.readCount()
      let length = try reader.readCount()
      // The checks keep every number at 1 or above, and every sum from overflowing.
      guard length > 0, gap < above, length < above - gap, gap > 0 || spans.isEmpty else {
        throw DecodingFailure(offset: start, reason: "no such range")
      }
      let last = above - gap - 1
      spans.append(.init(first: last - length + 1, last: last))
      above = last - length + 1
    }
    return spans
  }
}

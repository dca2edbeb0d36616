/// The record of a log, apart from its messages: where it begins, and which messages were retracted.
public struct LogRecord: Hashable, Sendable {
  /// The oldest number that is kept; retention has removed the messages before it.
  public var tail = 1
  /// The numbers of retracted messages.
  public internal(set) var retracted = SequenceSet()
  /// The number of retractions so far; the newest one has this number.
  public private(set) var retractionCount = 0
  /// The newest retractions, oldest first, at most `retractionsKept`: the change feed reads them.
  public private(set) var newestRetractions: [Int] = []

  /// A fingerprint of all retractions before those in `newestRetractions`.
  private var trailBefore = Trail.none

  /// A fingerprint of all retractions so far, in their order. A cursor that followed some of them has the
  /// same past if its fingerprint equals `trail(after:)` at that number.
  var trail: UInt64 { Trail.after(newestRetractions, trailBefore) }

  /// The value of `trail` after the first `count` retractions; nil if those are no longer kept or have not
  /// happened yet.
  func trail(after count: Int) -> UInt64? {
    guard keepsRetractions(after: count) else { return nil }
    return Trail.after(newestRetractions.dropLast(retractionCount - count), trailBefore)
  }

  /// The value of `trail` after one more retraction.
  static func trail(_ before: UInt64, adding seq: Int) -> UInt64 { Trail.after([seq], before) }

  /// Whether the retractions after the first `count` are all kept.
  func keepsRetractions(after count: Int) -> Bool {
    (0...newestRetractions.count).contains(retractionCount - count)
  }

  /// Fingerprints of retractions, each computed from the one before.
  private enum Trail {
    static let none: UInt64 = 0

    static func after(_ numbers: some Sequence<Int>, _ before: UInt64) -> UInt64 {
      numbers.reduce(before) { trail, seq in
        var writer = ByteWriter()
        writer.writeNumber(trail)
        writer.writeNumber(UInt64(seq))
        return writer.bytes.fingerprint
      }
    }
  }

  /// The number of retractions that a record keeps in order.
  public static let retractionsKept = 1000

  /// How many ranges and single numbers the record holds.
  public var rangeCount: Int { retracted.spanCount + newestRetractions.count }

  /// The largest `encoded` that a store accepts: 4 MiB, as for marks.
  public static let maximumSize = 4 << 20

  /// The record of a log without retractions, from which nothing was removed.
  public init() {}

  /// Retracts message `seq`; returns false if it was already retracted.
  public mutating func retract(_ seq: Int) -> Bool {
    guard !retracted.contains(seq) else { return false }
    retracted.insert(seq)
    retractionCount += 1
    if newestRetractions.count == Self.retractionsKept {
      trailBefore = Trail.after([newestRetractions.removeFirst()], trailBefore)
    }
    newestRetractions.append(seq)
    return true
  }
}

extension LogRecord {
  /// The record as bytes for a store.
  public var encoded: [UInt8] { Self.codec.encode(self) }

  /// The bytes of a changed record, for a store to write; throws `limitReached`.
  public func bytesToWrite() throws(StoreError) -> [UInt8] {
    let bytes = encoded
    guard bytes.count <= Self.maximumSize else { throw .recordTooLarge }
    return bytes
  }

  /// Decodes the bytes of `encoded`; throws `NewerVersion` for those of a later version, and `DecodingFailure` or
  /// `OutOfBounds` for bytes that `encoded` never returns.
  public init(encoded bytes: [UInt8]) throws {
    guard bytes.count <= Self.maximumSize else {
      throw DecodingFailure(offset: 0, reason: "more bytes than any has")
    }
    try Self.codec.decode(bytes, into: &self)
    try check()
  }

  /// What can be read of damaged bytes; it may still be more than the log has.
  static func salvaged(_ bytes: [UInt8]) -> LogRecord {
    var record = LogRecord()
    codec.salvage(bytes, into: &record)
    return record
  }

  private static let codec = SectionCodec<LogRecord>(
    format: 3,
    [
      .number(1, none: 1, { $0.tail }, { $0.tail = $1 }),
      .set(2, { $0.retracted }, { $0.retracted = $1 }),
      Section(tag: 3, write: { $0.encodeOrder(to: &$1) }, read: { try $0.decodeOrder(from: &$1) }),
    ])

  /// Writes in which order messages were retracted.
  private func encodeOrder(to writer: inout ByteWriter) {
    guard retractionCount > 0 else { return }
    writer.writeVarint(UInt64(retractionCount))
    writer.writeNumber(trailBefore)
    writer.writeVarint(UInt64(newestRetractions.count))
    for seq in newestRetractions { writer.writeVarint(UInt64(seq)) }
  }

  private mutating func decodeOrder(from reader: inout ByteReader) throws {
    retractionCount = try reader.readCount()
    trailBefore = try reader.readNumber()
    let kept = try reader.readCount()
    guard retractionCount > 0, kept <= Self.retractionsKept else {
      throw DecodingFailure(offset: reader.offset, reason: "no such number of retractions")
    }
    newestRetractions = try (0..<kept).map { _ in try reader.readCount() }
  }
}

extension LogRecord {
  /// Checks a record that was read, without the log that it belongs to.
  func check() throws(OutOfBounds) {
    let largest = StoreBounds.largestNumber
    guard (1...largest + 1).contains(tail), retracted.last ?? 0 <= largest, retractionCount <= largest,
      newestRetractions.count == min(retractionCount, Self.retractionsKept),
      newestRetractions.allSatisfy({ (1...largest).contains($0) })
    else { throw OutOfBounds("a log's record holds no possible numbers") }
  }
}

/// What a log knows about itself beside its messages: where it begins, and what was retracted.
public struct LogRecord: Hashable, Sendable {
  /// The oldest number kept; what lies before it was removed by retention.
  public var tail = 1
  /// The numbers of retracted messages.
  public internal(set) var retracted = SequenceSet()
  /// How many retractions there ever were; the newest one has this number.
  public private(set) var retractionCount = 0
  /// The newest retractions in order, oldest first, at most `retractionsKept`: the change feed reads them.
  public private(set) var newestRetractions: [Int] = []

  /// Stands for all retractions before those that are kept in order.
  private var trailBefore = Trail.none

  /// Stands for all retractions that there ever were, in their order: what was followed up to some number of
  /// them is known to be still so if this is the same there.
  var trail: UInt64 { Trail.after(newestRetractions, trailBefore) }

  /// As `trail` was after so many retractions; nil if they are not kept any more, or have not been yet.
  func trail(after count: Int) -> UInt64? {
    let left = retractionCount - count
    guard (0...newestRetractions.count).contains(left) else { return nil }
    return Trail.after(newestRetractions.dropLast(left), trailBefore)
  }

  /// Fingerprints of what was retracted, each made of the one before.
  private enum Trail {
    static let none: UInt64 = 0

    static func after(_ numbers: some Sequence<Int>, _ before: UInt64) -> UInt64 {
      numbers.reduce(before) { trail, seq in
        var writer = ByteWriter()
        writer.writeNumber(trail)
        writer.writeNumber(UInt64(seq))
        return fingerprint(writer.bytes)
      }
    }
  }

  /// How many retractions the record keeps in order.
  public static let retractionsKept = 1000

  /// The largest `encoded` that a store takes: 4 MiB, as for marks.
  public static let maximumSize = 4 << 20

  /// The record of a log that nothing has happened to.
  public init() {}

  /// Retracts message `seq`; false if it was retracted before.
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
  /// The record as bytes for a store: a version byte, then varints.
  public var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.writeByte(Self.format)
    writer.writeVarint(UInt64(tail))
    retracted.encode(to: &writer)
    writer.writeVarint(UInt64(retractionCount))
    writer.writeNumber(trailBefore)
    writer.writeVarint(UInt64(newestRetractions.count))
    for seq in newestRetractions { writer.writeVarint(UInt64(seq)) }
    return writer.bytes
  }

  /// Reads `encoded` back; throws `DecodingFailure` or `OutOfBounds` for bytes it never makes.
  public init(encoded bytes: [UInt8]) throws {
    guard bytes.count <= Self.maximumSize else {
      throw DecodingFailure(offset: 0, reason: "more bytes than any has")
    }
    var reader = ByteReader(bytes)
    try reader.expectByte(Self.format)
    tail = try reader.readCount()
    retracted = try SequenceSet(from: &reader)
    retractionCount = try reader.readCount()
    trailBefore = try reader.readNumber()
    let kept = try reader.readCount()
    guard kept <= Self.retractionsKept else {
      throw DecodingFailure(offset: reader.offset, reason: "more retractions than a record keeps")
    }
    newestRetractions = try (0..<kept).map { _ in try reader.readCount() }
    try reader.expectEnd()
    try check()
  }

  private static let format: UInt8 = 2
}

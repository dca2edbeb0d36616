/// The zone of a clock that says none: how its readings become times.
public enum Zone: Hashable, Sendable {
  /// A fixed distance from UTC in milliseconds, eastwards.
  case fixed(Int64)
  /// A zone of the system's database.
  case rules(ZoneRules)

  /// The clock that shows UTC.
  public static let utc = Zone.fixed(0)

  /// The zone of an offset such as `+02:00`, or nil for any other text but `UTC` and `Z`.
  public init?(offset text: String) {
    if text == "UTC" || text == "Z" {
      self = .utc
      return
    }
    guard text.hasPrefix("+") || text.hasPrefix("-"),
      let offset = ClockText("1970-01-01T00:00\(text)")?.offset
    else {
      return nil
    }
    self = .fixed(offset)
  }

  /// The time at which the clock shows `clock`; both in milliseconds since 1970. A reading that the clock shows twice
  /// stands for the first time, one that it skips for the time as long after the change.
  public func time(at clock: Int64) -> Int64 {
    switch self {
    case .fixed(let offset): clock &- offset
    case .rules(let rules): rules.time(at: clock)
    }
  }
}

/// The changes of a clock that the system's database of zones has (TZif, RFC 8536).
public struct ZoneRules: Hashable, Sendable {
  /// A change of the clock: from this second on it is `offset` seconds ahead of UTC.
  private struct Change: Hashable {
    var second: Int64
    var offset: Int64
  }

  private var first: Int64
  private var changes: [Change]
  private var later: YearlyRule?

  /// Reads a file of the database; throws for one that is none.
  public init(_ file: [UInt8]) throws(Problem) {
    var reader = BigEndianReader(file)
    var counts = try Self.header(&reader)
    var size = 4
    if counts.version >= UInt8(ascii: "2") {
      // The first part is for programs of 32 bits.
      try reader.skip(counts.size(4))
      counts = try Self.header(&reader)
      size = 8
    }
    var seconds: [Int64] = []
    for _ in 0..<counts.changes { seconds.append(try reader.number(size)) }
    let types = try reader.bytes(counts.changes)
    var offsets: [Int64] = []
    for _ in 0..<counts.types {
      offsets.append(try reader.number(4))
      try reader.skip(2)
    }
    guard let earliest = offsets.first, types.allSatisfy({ Int($0) < offsets.count }) else {
      throw Self.damaged
    }
    try reader.skip(counts.characters + counts.leaps * (size + 4) + counts.standard + counts.universal)
    first = earliest
    changes = zip(seconds, types).map { Change(second: $0, offset: offsets[Int($1)]) }
    if size == 8 { later = YearlyRule(String(decoding: reader.line(), as: UTF8.self)) }
  }

  private static var damaged: Problem { Problem("it is no file of a time zone") }

  private struct Counts {
    var version: UInt8
    var universal, standard, leaps, changes, types, characters: Int

    func size(_ time: Int) -> Int {
      changes * (time + 1) + types * 6 + characters + leaps * (time + 4) + standard + universal
    }
  }

  private static func header(_ reader: inout BigEndianReader) throws(Problem) -> Counts {
    guard Array(try reader.bytes(4)) == Array("TZif".utf8) else { throw damaged }
    let version = try reader.bytes(1)
    try reader.skip(15)
    var numbers: [Int] = []
    for _ in 0..<6 { numbers.append(Int(try reader.number(4))) }
    guard numbers.allSatisfy({ (0...100_000).contains($0) }) else { throw damaged }
    return Counts(
      version: version[version.startIndex], universal: numbers[0], standard: numbers[1], leaps: numbers[2],
      changes: numbers[3], types: numbers[4], characters: numbers[5])
  }

  /// The seconds that the clock is ahead of UTC at a time in seconds.
  func offset(at second: Int64) -> Int64 {
    guard let last = changes.last else { return later?.offset(at: second) ?? first }
    if second >= last.second, let later { return later.offset(at: second) }
    // The last change that is not after the time.
    var (low, high) = (0, changes.count)
    while low < high {
      let middle = (low + high) / 2
      if changes[middle].second <= second { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? first : changes[low - 1].offset
  }

  func time(at clock: Int64) -> Int64 {
    let second = clock / 1000 - (clock % 1000 < 0 ? 1 : 0)
    // The offsets before and after any change that is near: no clock is more than a day from UTC.
    let before = offset(at: second - 86_400)
    let offsets = [before, offset(at: second - before), offset(at: second + 86_400)]
    // Of a reading that is skipped, none fits: it is as far behind the change as it says.
    let fitting = offsets.first { offset(at: second - $0) == $0 } ?? before
    return clock - fitting * 1000
  }
}

/// Reads numbers whose most significant byte comes first.
private struct BigEndianReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  mutating func bytes(_ count: Int) throws(Problem) -> ArraySlice<UInt8> {
    guard count <= rest.count else { throw Problem("it ends early") }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func skip(_ count: Int) throws(Problem) { _ = try bytes(count) }

  /// A signed number.
  mutating func number(_ size: Int) throws(Problem) -> Int64 {
    let value = try bytes(size).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return size == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
  }

  /// The line between two line feeds at the end of a file.
  func line() -> ArraySlice<UInt8> { rest.dropFirst().prefix { $0 != 0x0A } }
}

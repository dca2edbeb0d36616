import Testing

@testable import Importing

/// Dates as people and databases write them, and zones of clocks.
struct ClockTests {
  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0, 0), ("2024-02-29T23:59:59.999Z", 1_709_251_199_999, 0),
      ("2024-05-01 10:30:00", 1_714_559_400_000, nil), ("2024-05-01T10:30", 1_714_559_400_000, nil),
      ("2024-05-01", 1_714_521_600_000, nil),
      ("2024-05-01T10:30:00.123456789+02:00", 1_714_559_400_123, 7_200_000),
      ("2024-05-01T10:30:00.1-0530", 1_714_559_400_100, -19_800_000),
      ("2024-05-01 10:30:00.12 +02", 1_714_559_400_120, 7_200_000),
      ("0001-01-01T00:00:00", -62_135_596_800_000, nil), ("2016-12-31T23:59:60Z", 1_483_228_799_999, 0),
    ] as [(String, Int64, Int64?)]) func dates(_ text: String, _ clock: Int64, _ offset: Int64?) throws
  {
    let found = try #require(ClockText(text))
    #expect(found.clock == clock)
    #expect(found.offset == offset)
  }

  @Test(arguments: [
    "", "now", "2024", "2024-13-01", "2023-02-29", "2024-05-01T", "2024-05-01T25:00", "2024-05-01T10:60",
    "2024-05-01T10:00:61",
    "2024-05-01T10:00:00.Z", "2024-05-01T10:00:00+2", "2024-05-01T10:00:00Zx", "24-05-01 10:00",
    "2024-05-01T10:00:00 PM",
  ]) func noDates(_ text: String) {
    #expect(ClockText(text) == nil)
  }

  @Test(
    arguments: [("+02:00", 7_200_000), ("-0330", -12_600_000), ("UTC", 0), ("Z", 0)] as [(String, Int64)])
  func offsets(_ text: String, _ milliseconds: Int64) {
    #expect(Zone(offset: text) == .fixed(milliseconds))
  }

  @Test(arguments: ["", "2", "+2", "CET", "+25:00"]) func noOffsets(_ text: String) {
    #expect(Zone(offset: text) == nil)
  }

  /// A file of zones: changes at these seconds, and a rule for what comes later.
  static func file(_ changes: [(Int64, UInt8)] = [], offsets: [Int32] = [0], rule: String) -> [UInt8] {
    func header(_ counts: [UInt32]) -> [UInt8] {
      Array("TZif2".utf8) + Array(repeating: 0, count: 15)
        + counts.flatMap { withUnsafeBytes(of: $0.bigEndian, Array.init) }
    }
    // The part for 32 bits has a type that says nothing.
    var bytes = header([0, 0, 0, 0, 1, 1]) + [0, 0, 0, 0, 0, 0, 0]
    bytes += header([0, 0, 0, UInt32(changes.count), UInt32(offsets.count), 1])
    bytes += changes.flatMap { withUnsafeBytes(of: $0.0.bigEndian, Array.init) } + changes.map(\.1)
    bytes += offsets.flatMap { withUnsafeBytes(of: $0.bigEndian, Array.init) + [0, 0] } + [0]
    return bytes + Array("\n\(rule)\n".utf8)
  }

  @Test(arguments: [
    // Winter, summer, the hour that is skipped, the hour that comes twice, and the days before and after.
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-01-15 12:00", "2026-01-15 11:00"),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-15 12:00", "2026-07-15 10:00"),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 01:59:59", "2026-03-29 00:59:59"),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 02:30", "2026-03-29 01:30"),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29 03:00", "2026-03-29 01:00"),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 02:30", "2026-10-25 00:30"),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25 03:00", "2026-10-25 02:00"),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "1970-01-01 00:30", "1969-12-31 23:30"),
    // The south, where summer spans the new year; half hours; fixed clocks; names in brackets.
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-01 00:00", "2025-12-31 13:00"),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-06-01 00:00", "2026-05-31 14:00"),
    ("EST5EDT,M3.2.0,M11.1.0", "2040-07-04 12:00", "2040-07-04 16:00"),
    ("<+0530>-5:30", "2026-06-01 00:00", "2026-05-31 18:30"),
    ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01 12:00", "2026-07-01 11:00"),
    ("ABC3DEF,J60,300/0", "2026-03-01 12:00", "2026-03-01 14:00"),
    ("", "2026-07-01 12:00", "2026-07-01 12:00"),
  ]) func rules(_ rule: String, _ shown: String, _ utc: String) throws {
    let zone = Zone.rules(try ZoneRules(Self.file(rule: rule)))
    let (clock, time) = (try #require(ClockText(shown)).clock, try #require(ClockText(utc)).clock)
    #expect(zone.time(at: clock) == time)
    // Times before 1970 and milliseconds alike.
    #expect(zone.time(at: clock + 1) == time + 1)
  }

  @Test func changesOfThePast() throws {
    let file = Self.file([(1000, 1), (100_000, 0)], offsets: [0, 3600], rule: "ABC-2")
    let zone = Zone.rules(try ZoneRules(file))
    #expect(zone.time(at: 0) == 0)
    #expect(zone.time(at: 50_000_000) == 46_400_000)
    #expect(zone.time(at: 900_000_000) == 892_800_000)
    for count in [0, 3, 44, file.count / 2] {
      #expect(throws: Problem.self) { try ZoneRules(Array(file.prefix(count))) }
    }
    #expect(throws: Problem.self) {
      try ZoneRules(Array("no zone at all, though it is long enough for a header".utf8))
    }
  }
}

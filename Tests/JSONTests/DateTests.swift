import Foundation
import JSON
import JSONSupport
import Seeds
import Testing

@Suite("Times")
struct DateTests {
  private func written(_ milliseconds: Int64) -> String {
    var writer = JSONWriter()
    writer.date(millisecondsSince1970: milliseconds)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (1_795_375_842_123, "2026-11-22T19:30:42.123Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
      (-2_203_891_200_001, "1900-02-28T23:59:59.999Z"), (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"),
      (4_107_542_399_999, "2100-02-28T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
      (1_709_251_199_999, "2024-02-29T23:59:59.999Z"), (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
      (-62_162_121_600_001, "0000-02-28T23:59:59.999Z"), (-62_162_035_200_001, "0000-02-29T23:59:59.999Z"),
      (-62_162_035_200_000, "0000-03-01T00:00:00.000Z"), (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (253_402_300_800_000, "9999-12-31T23:59:59.999Z"),
      (-62_167_219_200_001, "0000-01-01T00:00:00.000Z"), (.max, "9999-12-31T23:59:59.999Z"),
      (.min, "0000-01-01T00:00:00.000Z"),
    ] as [(Int64, String)])
  func knownTimes(_ milliseconds: Int64, _ expected: String) {
    #expect(written(milliseconds) == "\"\(expected)\"")
  }

  /// Compares with a calendar that is counted month by month over all ten thousand years.
  @Test func theFirstAndLastDayOfEveryMonth() {
    func padded(_ value: Int, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: width - digits.count) + digits
    }
    func check(_ milliseconds: Int64, _ expected: String) {
      if written(milliseconds) != expected { Issue.record("\(expected) is written \(written(milliseconds))") }
    }
    var start: Int64 = -62_167_219_200_000
    for year in 0..<10_000 {
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      for (month, days) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
        let prefix = "\"\(padded(year, 4))-\(padded(month + 1, 2))-"
        check(start, prefix + "01T00:00:00.000Z\"")
        start += Int64(days) * 86_400_000
        check(start - 1, prefix + "\(days)T23:59:59.999Z\"")
      }
    }
    #expect(start == 253_402_300_800_000)
  }

  @Test func asFoundationWritesThem() {
    var generator = SeededGenerator.printed("asFoundationWritesThem")
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    for _ in 0..<2_000 {
      let seconds = Int64.random(in: -60_000_000_000...250_000_000_000, using: &generator)
      // A quarter of a second is exact in the double of a `Date`.
      let date = Date(timeIntervalSince1970: Double(seconds) + 0.25)
      guard seconds > -12_219_292_800 else { continue }
      #expect(written(seconds * 1000 + 250) == "\"\(date.formatted(style))\"")
    }
  }

  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00.001z", 1),
      ("2026-11-22T19:30:42.123Z", 1_795_375_842_123),
      ("2026-11-22T20:30:42.1239+01:00", 1_795_375_842_123),
      ("2026-11-22T14:00:42.1-05:30", 1_795_375_842_100),
      ("2024-02-29T00:00:00Z", 1_709_164_800_000), ("2000-02-29T23:59:60Z", 951_868_800_000),
      ("0000-01-01T00:00:00.000Z", -62_167_219_200_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ] as [(String, Int64)])
  func aTimeIsRead(_ text: String, _ time: Int64) throws {
    #expect(try JSON(parsing: Array("\"\(text)\"".utf8)).time == time)
  }

  @Test(arguments: [
    "", "2026-11-22", "2026-11-22T19:30:42", "2026-11-22 19:30:42Z", "2026-11-22T19:30Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z",
    "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00Zz", " 2026-01-01T00:00:00Z",
    "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "-026-01-01T00:00:00Z", "2026-01-01T00:00:00é",
  ])
  func aTextThatIsNoTimeIsNone(_ text: String) throws {
    #expect(try JSON(parsing: Array("\"\(text)\"".utf8)).time == nil)
    #expect(try JSON(parsing: Array("17".utf8)).time == nil)
  }

  /// Every time that is written is read again.
  @Test func timesComeBack() throws {
    let step = 7_919_999_983
    for time in stride(from: -62_167_219_200_000, through: 253_402_300_799_999, by: step)
      as StrideThrough<Int64>
    {
      var writer = JSONWriter()
      writer.date(millisecondsSince1970: time)
      #expect(try JSON(parsing: writer.take()).time == time)
    }
  }
}

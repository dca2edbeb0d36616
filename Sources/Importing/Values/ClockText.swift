/// A date and time as people and databases write it: `2024-05-01T10:30:00.123456+02:00`, `2024-05-01 10:30:00`.
struct ClockText: Hashable {
  /// What the clock shows, in milliseconds since 1970-01-01 on that clock.
  var clock: Int64
  /// The clock's distance from UTC in milliseconds, eastwards; nil if the text does not say.
  var offset: Int64?

  /// Parses a text; nil if it is none of these forms. Digits beyond milliseconds are cut off, as MongoDB does.
  init?(_ text: String) {
    var scanner = DigitScanner(text)
    guard let year = scanner.number(digits: 4), scanner.take("-"), let month = scanner.number(digits: 2),
      scanner.take("-"),
      let day = scanner.number(digits: 2), (1...12).contains(month),
      (1...Self.days(of: month, in: year)).contains(day)
    else { return nil }
    var time: Int64 = 0
    if !scanner.isAtEnd {
      guard scanner.take("T") || scanner.take("t") || scanner.take(" "), let hour = scanner.number(digits: 2),
        hour < 24,
        scanner.take(":"), let minute = scanner.number(digits: 2), minute < 60
      else { return nil }
      time = Int64(hour * 60 + minute) * 60_000
      if scanner.take(":") {
        guard let second = scanner.number(digits: 2), second <= 60 else { return nil }
        // A leap second is the last millisecond of its minute: clocks of databases have none.
        time += second == 60 ? 59_999 : Int64(second) * 1000
        if scanner.take(".") || scanner.take(",") {
          guard let milliseconds = scanner.fraction() else { return nil }
          if second < 60 { time += Int64(milliseconds) }
        }
      }
      _ = scanner.take(" ")
      guard let zone = scanner.zone() else { return nil }
      offset = zone.offset
    }
    guard scanner.isAtEnd else { return nil }
    clock = Int64(Self.days(year: year, month: month, day: day)) * 86_400_000 + time
  }

  /// The days from 1970-01-01 to a date of the proleptic Gregorian calendar.
  static func days(year: Int, month: Int, day: Int) -> Int {
    // Years begin in March, so that a leap day is the last day of its year; an era is 400 years.
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// Whether a year has a leap day.
  static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  /// The number of days of a month.
  static func days(of month: Int, in year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

/// Reads digits and marks from a text.
private struct DigitScanner {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = text[...].utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ mark: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: mark) else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func digit() -> Int? {
    guard let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
    rest.removeFirst()
    return Int(byte) - 48
  }

  mutating func number(digits: Int) -> Int? {
    var value = 0
    for _ in 0..<digits {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  /// The first three digits after a point; the others are passed over.
  mutating func fraction() -> Int? {
    guard var value = digit() else { return nil }
    for place in 1... {
      let next = digit()
      if place < 3 { value = value * 10 + (next ?? 0) }
      if place >= 2, next == nil { return value }
    }
    return nil
  }

  /// `Z`, `+02:00`, `+0200`, `+02`, or nothing.
  mutating func zone() -> (offset: Int64?, Void)? {
    if isAtEnd { return (nil, ()) }
    if take("Z") || take("z") { return (0, ()) }
    let isEast = take("+")
    guard isEast || take("-"), let hours = number(digits: 2), hours < 24 else { return nil }
    var minutes = 0
    if !isAtEnd {
      _ = take(":")
      guard let given = number(digits: 2), given < 60 else { return nil }
      minutes = given
    }
    let offset = Int64(hours * 60 + minutes) * 60_000
    return (isEast ? offset : -offset, ())
  }
}

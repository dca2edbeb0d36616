extension JSON {
  /// The milliseconds since 1970-01-01T00:00:00Z of a string with a time by RFC 3339, such as `2026-11-22T19:30:42.123Z`
  /// or `2026-11-22t20:30:42+01:00`. Nil for anything else: a day that is none, a time without a zone, a year before 0000 or
  /// after 9999 in UTC. Digits behind the milliseconds are dropped; a leap second is the one after it.
  public var time: Int64? {
    withUTF8 { text in
      var reader = DateReader(text: text)
      return reader.time()
    } ?? nil
  }
}

/// Reads a time by RFC 3339.
private struct DateReader {
  let text: UnsafeBufferPointer<UInt8>
  var at = 0

  init(text: UnsafeBufferPointer<UInt8>) { self.text = text }

  mutating func time() -> Int64? {
    guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2),
      skip("T") || skip("t"), let hour = number(2), skip(":"), let minute = number(2), skip(":"),
      let second = number(2), (1...12).contains(month), (1...Self.days(month, year)).contains(day), hour < 24,
      minute < 60, second <= 60
    else { return nil }
    var milliseconds = 0
    if skip(".") {
      guard let fraction = fraction() else { return nil }
      milliseconds = fraction
    }
    guard let zone = zone(), at == text.count else { return nil }
    let seconds = Self.daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
    let time = Int64((seconds - zone) * 1000 + milliseconds)
    return (-62_167_219_200_000...253_402_300_799_999).contains(time) ? time : nil
  }

  private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
    guard at < text.count, text[at] == UInt8(ascii: byte) else { return false }
    at += 1
    return true
  }

  private mutating func digit() -> Int? {
    guard at < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[at]) else { return nil }
    defer { at += 1 }
    return Int(text[at] - UInt8(ascii: "0"))
  }

  private mutating func number(_ digits: Int) -> Int? {
    var number = 0
    for _ in 0..<digits {
      guard let digit = digit() else { return nil }
      number = number * 10 + digit
    }
    return number
  }

  /// The milliseconds of at least one digit.
  private mutating func fraction() -> Int? {
    guard var milliseconds = digit() else { return nil }
    var count = 1
    while let digit = digit() {
      count += 1
      if count <= 3 { milliseconds = milliseconds * 10 + digit }
    }
    for _ in count..<max(3, count) { milliseconds *= 10 }
    return milliseconds
  }

  /// The seconds that the zone is before UTC.
  private mutating func zone() -> Int? {
    if skip("Z") || skip("z") { return 0 }
    let isEast = skip("+")
    guard isEast || skip("-"), let hours = number(2), skip(":"), let minutes = number(2), hours < 24,
      minutes < 60
    else { return nil }
    return (isEast ? 1 : -1) * (hours * 3600 + minutes * 60)
  }

  private static func days(_ month: Int, _ year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// The days from 1970-01-01 to a day of the proleptic Gregorian calendar.
  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    // Years begin in March, so that a leap day is the last day of its year; 400 years have 146,097 days.
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}

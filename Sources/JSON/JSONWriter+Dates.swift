extension JSONWriter {
  /// Writes a time as a string in the format of RFC 3339, in UTC with milliseconds:
  /// `"2026-11-22T19:30:42.123Z"`.
  ///
  /// The format has four digits for the year: times before 0000 or after 9999 are written as the first or
  /// last millisecond that it can express.
  public mutating func date(millisecondsSince1970 milliseconds: Int64) {
    let date = CivilDate(millisecondsSince1970: min(max(milliseconds, CivilDate.first), CivilDate.last))
    appendValue(atMost: 26) { target in
      func put(_ value: Int, at offset: Int) {
        // For numbers below 100 this is the division by ten.
        let tens = (UInt32(truncatingIfNeeded: value) &* 205) >> 11
        let ones = UInt32(truncatingIfNeeded: value) &- tens &* 10
        target[offset] = ASCII.zero &+ UInt8(truncatingIfNeeded: tens)
        target[offset &+ 1] = ASCII.zero &+ UInt8(truncatingIfNeeded: ones)
      }
      let form: StaticString = "\"0000-00-00T00:00:00.000Z\""
      copy(form.utf8Start, to: target, count: 26)
      put(date.year / 100, at: 1)
      put(date.year % 100, at: 3)
      put(date.month, at: 6)
      put(date.day, at: 9)
      put(date.hour, at: 12)
      put(date.minute, at: 15)
      put(date.second, at: 18)
      put(date.millisecond / 10, at: 21)
      target[23] = ASCII.zero &+ UInt8(truncatingIfNeeded: date.millisecond % 10)
      return 26
    }
  }
}

/// A time in the proleptic Gregorian calendar, in UTC and without leap seconds.
private struct CivilDate {
  let year, month, day, hour, minute, second, millisecond: Int

  /// 0000-01-01T00:00:00.000Z
  static let first: Int64 = -62_167_219_200_000
  /// 9999-12-31T23:59:59.999Z
  static let last: Int64 = 253_402_300_799_999

  @inline(__always)
  init(millisecondsSince1970 milliseconds: Int64) {
    // Days are counted from 0000-03-01, so that a leap day is the last day of its year.
    let sinceMarch = Int(milliseconds - Self.first) - 60 * 86_400_000
    let days = sinceMarch >= 0 ? sinceMarch / 86_400_000 : (sinceMarch + 1) / 86_400_000 - 1
    var rest = sinceMarch - days * 86_400_000
    millisecond = rest % 1000
    rest /= 1000
    second = rest % 60
    rest /= 60
    minute = rest % 60
    hour = rest / 60

    // An era is 400 years, 146,097 days. The corrections subtract the leap days before the division by 365:
    // one day in 4 years, but not in 100, but in 400, which is the last day of the era.
    let era = days >= 0 ? days / 146_097 : -1
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    // From March on, every five months have 153 days.
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }
}

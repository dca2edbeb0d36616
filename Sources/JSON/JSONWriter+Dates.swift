extension JSONWriter {
  /// Writes a time as a string in the form of RFC 3339, in UTC with milliseconds:
  /// `"2026-11-22T19:30:42.123Z"`.
  ///
  /// The form has four digits for the year: times before 0000 or after 9999 are written as the first or last
  /// millisecond that it can express.
  public mutating func date(millisecondsSince1970 milliseconds: Int64) {
    let date = CivilDate(millisecondsSince1970: min(max(milliseconds, CivilDate.first), CivilDate.last))
    appendValue(atMost: 26) { target in
      func put(_ value: Int, digits: Int, at offset: Int) {
        writeDigits(UInt64(truncatingIfNeeded: value), count: digits, at: target + offset)
      }
      let form: StaticString = "\"0000-00-00T00:00:00.000Z\""
      target.update(from: form.utf8Start, count: 26)
      put(date.year, digits: 4, at: 1)
      put(date.month, digits: 2, at: 6)
      put(date.day, digits: 2, at: 9)
      put(date.hour, digits: 2, at: 12)
      put(date.minute, digits: 2, at: 15)
      put(date.second, digits: 2, at: 18)
      put(date.millisecond, digits: 3, at: 21)
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
    // Days are counted from 0000-03-01, so that a leap day is the last one of its year.
    let sinceMarch = Int(milliseconds - Self.first) - 60 * 86_400_000
    let days = sinceMarch >= 0 ? sinceMarch / 86_400_000 : (sinceMarch + 1) / 86_400_000 - 1
    var rest = sinceMarch - days * 86_400_000
    millisecond = rest % 1000
    rest /= 1000
    second = rest % 60
    rest /= 60
    minute = rest % 60
    hour = rest / 60

    // An era is 400 years, 146,097 days. The last of its years has one more day than the formula's
    // fractions give, which the corrections take away: one day in 4 years, but not in 100, but in 400.
    let era = days >= 0 ? days / 146_097 : -1
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    // From March on, five months have 153 days.
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }
}

/// A clock that changes on the same days of each year, as POSIX writes it: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct YearlyRule: Hashable {
  private var standard: Int64
  private var summer: Summer?

  private struct Summer: Hashable {
    var offset: Int64
    var begins, ends: Day
  }

  /// A day of each year, and the second of that day on the clock.
  private struct Day: Hashable {
    enum Form: Hashable {
      /// The day of the year from 1, in which 29 February is never counted.
      case plain(Int)
      /// The day of the year from 0.
      case counted(Int)
      /// The nth weekday of a month, from Sunday = 0; the fifth is the last.
      case weekday(month: Int, week: Int, day: Int)
    }

    var form: Form
    var second: Int64

    /// The second of this day in a year, on the clock.
    func clock(in year: Int) -> Int64 {
      let first = ClockText.days(year: year, month: 1, day: 1)
      let day: Int
      switch form {
      case .plain(let number): day = first + number - (ClockText.isLeap(year) && number >= 60 ? 0 : 1)
      case .counted(let number): day = first + number
      case .weekday(let month, let week, let weekday):
        let begin = ClockText.days(year: year, month: month, day: 1)
        // 1970-01-01 was a Thursday.
        let ahead = ((weekday - begin - 4) % 7 + 7) % 7
        let length = ClockText.days(of: month, in: year)
        var date = ahead + (week - 1) * 7
        while date >= length { date -= 7 }
        day = begin + date
      }
      return Int64(day) * 86_400 + second
    }
  }

  /// Parses a rule; nil for any other text, also an empty one.
  init?(_ text: String) {
    var rest = text[...]
    guard Self.name(&rest), let west = Self.time(&rest) else { return nil }
    standard = -west
    guard !rest.isEmpty else { return }
    guard Self.name(&rest) else { return nil }
    var offset = standard + 3600
    if !rest.hasPrefix(",") {
      guard let west = Self.time(&rest) else { return nil }
      offset = -west
    }
    guard let begins = Self.day(&rest), let ends = Self.day(&rest), rest.isEmpty else { return nil }
    summer = Summer(offset: offset, begins: begins, ends: ends)
  }

  private static func name(_ rest: inout Substring) -> Bool {
    if rest.first == "<" {
      guard let end = rest.firstIndex(of: ">") else { return false }
      rest = rest[rest.index(after: end)...]
      return true
    }
    let letters = rest.prefix { $0.isLetter }
    rest = rest.dropFirst(letters.count)
    return letters.count >= 3
  }

  private static func number(_ rest: inout Substring) -> Int? {
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    rest = rest.dropFirst(digits.count)
    return digits.count <= 4 ? Int(digits) : nil
  }

  /// `[+-]hours[:minutes[:seconds]]` in seconds.
  private static func time(_ rest: inout Substring) -> Int64? {
    let isNegative = rest.first == "-"
    if isNegative || rest.first == "+" { rest.removeFirst() }
    var value: Int64 = 0
    for unit: Int64 in [3600, 60, 1] {
      if unit < 3600 {
        guard rest.first == ":" else { break }
        rest.removeFirst()
      }
      guard let number = number(&rest) else { return nil }
      value += Int64(number) * unit
    }
    return isNegative ? -value : value
  }

  private static func day(_ rest: inout Substring) -> Day? {
    guard rest.first == "," else { return nil }
    rest.removeFirst()
    let form: Day.Form
    switch rest.first {
    case "M":
      rest.removeFirst()
      guard let month = number(&rest), rest.popFirst() == ".", let week = number(&rest),
        rest.popFirst() == ".",
        let day = number(&rest), (1...12).contains(month), (1...5).contains(week), day < 7
      else { return nil }
      form = .weekday(month: month, week: week, day: day)
    case "J":
      rest.removeFirst()
      guard let number = number(&rest), (1...365).contains(number) else { return nil }
      form = .plain(number)
    default:
      guard let number = number(&rest), number < 366 else { return nil }
      form = .counted(number)
    }
    var second: Int64 = 7200
    if rest.first == "/" {
      rest.removeFirst()
      guard let given = time(&rest) else { return nil }
      second = given
    }
    return Day(form: form, second: second)
  }

  /// The seconds that the clock is ahead of UTC at a time in seconds.
  func offset(at second: Int64) -> Int64 {
    guard let summer else { return standard }
    // Times of a change are in the offset before it. Near the new year no clock changes.
    let year = Self.year(of: second + standard)
    let begins = summer.begins.clock(in: year) - standard
    let ends = summer.ends.clock(in: year) - summer.offset
    let isSummer =
      begins < ends ? (begins..<ends).contains(second) : !(ends..<begins).contains(second)
    return isSummer ? summer.offset : standard
  }

  private static func year(of second: Int64) -> Int {
    let days = Int((Double(second) / 86_400).rounded(.down))
    // A guess that is at most one year off.
    var year = 1970 + Int((Double(days) / 365.2425).rounded(.down))
    if ClockText.days(year: year, month: 1, day: 1) > days { year -= 1 }
    if ClockText.days(year: year + 1, month: 1, day: 1) <= days { year += 1 }
    return year
  }
}

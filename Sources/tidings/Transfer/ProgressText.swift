/// How far a long command has come, in words. A value: who shows it looks at the clock.
struct ProgressText: Equatable {
  /// The part that is done, from 0 to 1; nil if nobody knows how much there is.
  var part: Double?
  /// The messages so far.
  var messages: Int
  /// The seconds since the beginning.
  var seconds: Double

  private var rate: Double { seconds > 0 ? Double(messages) / seconds : 0 }

  /// The seconds that are left, if the rest takes as long as what is done.
  private var left: Int? {
    guard let part, part > 0.001, seconds >= 1 else { return nil }
    return Int((seconds * (1 - part) / part).rounded(.up))
  }

  /// A line for a log.
  var line: String {
    [
      "\(Self.grouped(messages)) messages", part.map { "\(Int($0 * 100))%" },
      "\(Self.grouped(Int(rate)))/s", left.map { "\(Self.duration($0)) left" },
    ].compactMap(\.self).joined(separator: ", ")
  }

  /// A line for a terminal of some columns.
  func bar(columns: Int) -> String {
    guard let part else { return String(line.prefix(max(columns - 1, 0))) }
    let room = max(0, columns - line.count - 4)
    guard room >= 5 else { return String(line.prefix(max(columns - 1, 0))) }
    let width = min(room, 30)
    let full = min(Int(part * Double(width)), width)
    return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: width - full) + "] "
      + line
  }

  /// A number with commas.
  static func grouped(_ number: Int) -> String {
    let digits = String(number)
    return String(
      digits.enumerated().flatMap { index, digit -> [Character] in
        index > 0 && (digits.count - index) % 3 == 0 ? [",", digit] : [digit]
      })
  }

  private static func duration(_ seconds: Int) -> String {
    switch seconds {
    case ..<60: "\(seconds) s"
    case ..<3600: "\(seconds / 60) min \(seconds % 60) s"
    default: "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }
  }
}

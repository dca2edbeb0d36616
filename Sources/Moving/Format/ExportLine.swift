import Inbox

/// One line of an export: see Schemas/export/README.md, which says what each member means.
public enum ExportLine: Sendable {
  /// The first line.
  case header(Holds)
  /// A log, whose messages follow: the first number that it keeps, and its last one.
  case log(LogName, tail: Int, head: Int)
  /// A log of which some messages follow: nothing else is told of it.
  case partOfLog(LogName)
  /// A message.
  case message(LogName, LogEntry)
  /// A log's record, behind its messages.
  case record(LogName, LogRecord)
  /// An inbox's marks, behind all logs.
  case marks(Inbox, Marks)
  /// The last line.
  case end(Totals)

  /// The version of the format that this program writes and reads.
  public static let version = 1
  /// The name of the format.
  static let format = "tidings-export"

  /// What an export holds.
  public enum Holds: String, Hashable, Sendable {
    /// A whole store.
    case all
    /// One team.
    case team
    /// What a store knows of one person: not whole logs, so that it can't be imported.
    case user
  }

  /// The numbers of lines of each kind.
  public struct Totals: Hashable, Sendable {
    /// Logs.
    public var logs = 0
    /// Messages.
    public var messages = 0
    /// Records.
    public var records = 0
    /// Marks.
    public var marks = 0

    /// Nothing yet.
    public init() {}

    /// Counts a line.
    public mutating func count(_ line: ExportLine) {
      switch line {
      case .header, .end: break
      case .log, .partOfLog: logs += 1
      case .message: messages += 1
      case .record: records += 1
      case .marks: marks += 1
      }
    }
  }
}

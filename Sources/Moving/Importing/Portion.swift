import Inbox

/// What of an export is restored at once, with the lines that it comes from.
public struct Portion: Sendable {
  /// What is restored.
  public private(set) var items: [Restored] = []
  /// The approximate number of bytes.
  private(set) var size = 0
  private var count = 0
  /// For each log the lines of its messages here, and the number of the first one.
  private var messages: [LogName: (seq: Int, lines: [Int])] = [:]
  private var records: [LogName: Int] = [:]
  private var marks: [LogName: Int] = [:]
  /// The messages of the log under way.
  private var open: (log: LogName, tail: Int, entries: [LogEntry])?

  private static let countTogether = 5000
  private static let bytesTogether = 3 << 20

  /// Whether it is large enough.
  public var isFull: Bool { count >= Self.countTogether || size >= Self.bytesTogether }

  /// Whether there is nothing in it.
  public var isEmpty: Bool { items.isEmpty && open == nil }

  /// Adds a message.
  mutating func add(_ entry: LogEntry, of log: LogName, tail: Int, line: Int) {
    if open?.log != log {
      close()
      open = (log, tail, [])
    }
    open?.entries.append(entry)
    messages[log, default: (entry.message.seq, [])].lines.append(line)
    count += 1
    size += entry.size
  }

  /// Adds a record.
  mutating func add(_ record: LogRecord, of log: LogName, line: Int) {
    close()
    items.append(.record(log, record))
    records[log] = line
    count += 1
    size += 256 + 16 * record.retracted.spanCount
  }

  /// Adds marks.
  mutating func add(_ marks: Marks, of inbox: Inbox, line: Int) {
    close()
    items.append(.marks(inbox, marks))
    self.marks[inbox.own] = line
    count += 1
    size += 256 + 16 * marks.rangeCount
  }

  /// Makes an item of the messages under way.
  mutating func close() {
    if let open { items.append(.entries(open.log, open.entries, tail: open.tail)) }
    open = nil
  }

  /// The line of what does not fit.
  public func line(of unfit: Unfit) -> Int? {
    switch unfit.reason {
    case .number(let seq), .taken(let seq), .time(let seq), .key(let seq), .message(let seq, _):
      messages[unfit.log].flatMap { first, lines in
        lines.indices.contains(seq - first) ? lines[seq - first] : lines.first
      }
    case .record: records[unfit.log] ?? messages[unfit.log]?.lines.last
    case .otherMarks, .marks: marks[unfit.log]
    }
  }
}

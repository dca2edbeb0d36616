import Inbox

/// Compares the contents of the tables: logs with their messages, marks with their logs. Reads all rows, and
/// keeps a number and a head for each log in memory.
struct Examination {
  private let connection: Connection
  private var logs: [Int64: Log] = [:]
  private var heads: [LogName: Int] = [:]
  /// The logs that only a newer version can read: nothing is said of their messages and marks.
  private var newer: (ids: Set<Int64>, names: Set<LogName>) = ([], [])
  private var found: [Wrong: Found] = [:]
  private(set) var counts = SQLiteReport.Counts()

  private struct Log {
    var name: LogName
    var head: Int
    var tail: Int
    /// The number that the log's next message should have.
    var next: Int
    var time = Timestamp.min
  }

  /// The kinds of faults, in the order of the report.
  private enum Wrong: String, CaseIterable {
    case log = "logs can't be read"
    case orphans = "messages belong to no log"
    case holes = "messages are missing from logs"
    case beyond = "messages lie beyond the heads of their logs"
    case backwards = "messages are older than the one before them"
    case message = "messages can't be read"
    case data = "the data of messages is no JSON object"
    case marks = "marks can't be read"
    case strangers = "marks are of messages that their logs don't have"
    case newer = "marks or records were written by a newer version of Tidings"
  }

  private struct Found {
    var count: Int
    var first: String
  }

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// The faults found, worst first.
  var faults: [SQLiteReport.Fault] {
    Wrong.allCases.compactMap { wrong in
      found[wrong].map { found in
        wrong == .newer
          ? .newer(wrong.rawValue, count: found.count, first: found.first)
          : .content(wrong.rawValue, count: found.count, first: found.first)
      }
    }
  }

  /// Examines everything; throws the error that stopped it.
  mutating func run() throws(StoreError) {
    try readLogs()
    try readMessages()
    try readMarks()
  }

  private mutating func add(_ wrong: Wrong, _ count: Int = 1, first: String) {
    found[wrong, default: Found(count: 0, first: first)].count += count
  }

  private mutating func readLogs() throws(StoreError) {
    var wrong: [String] = []
    var unknown = newer
    var read: [Int64: Log] = [:]
    try connection.with(.allLogs) { statement throws(StoreError) in
      while try statement.step() {
        do throws(StoreError) {
          let row = try Connection.logRow(statement)
          let name = try Connection.logName(statement, 6)
          let tail = row.record.tail
          read[row.id] = Log(name: name, head: row.head, tail: tail, next: tail)
        } catch {
          let id = try statement.integer(0)
          if error.isOfNewerVersion {
            unknown.ids.insert(id)
            unknown.names.insert(try Connection.logName(statement, 6))
          } else {
            wrong.append("row \(id)")
          }
        }
      }
    }
    logs = read
    heads = Dictionary(read.values.map { ($0.name, $0.head) }, uniquingKeysWith: { first, _ in first })
    newer = unknown
    counts.logs = read.count + wrong.count + newer.ids.count
    if let first = newer.ids.min() { add(.newer, newer.ids.count, first: "row \(first)") }
    if let first = wrong.first { add(.log, wrong.count, first: first) }
  }

  private mutating func readMessages() throws(StoreError) {
    try connection.with(.allMessages) { statement throws(StoreError) in
      while try statement.step() { try take(statement) }
    }
    for log in logs.values where log.next <= log.head {
      add(.holes, log.head - log.next + 1, first: nid(log, log.next))
    }
  }

  private mutating func take(_ statement: PreparedStatement) throws(StoreError) {
    counts.messages += 1
    let raw = try statement.integer(0)
    let position = Position(rawValue: raw)
    guard var log = logs[raw >> 32] else {
      if newer.ids.contains(raw >> 32) { return }
      add(.orphans, first: "position \(raw)")
      return
    }
    let seq = position.seq
    do throws(StoreError) {
      let message = try Connection.message(statement)
      if message.time < log.time { add(.backwards, first: nid(log, seq)) }
      log.time = max(log.time, message.time)
      if message.body.data != nil, try statement.integer(10) == 0 { add(.data, first: nid(log, seq)) }
    } catch {
      add(.message, first: nid(log, seq))
    }
    // Messages before the tail are being removed.
    if seq > log.head {
      add(.beyond, first: nid(log, seq))
    } else if seq >= log.tail {
      if seq > log.next { add(.holes, seq - log.next, first: nid(log, log.next)) }
      log.next = seq + 1
    }
    logs[raw >> 32] = log
  }

  private mutating func readMarks() throws(StoreError) {
    try connection.with(.allMarks) { statement throws(StoreError) in
      while try statement.step() { takeMarks(statement) }
    }
  }

  private mutating func takeMarks(_ statement: PreparedStatement) {
    counts.marks += 1
    do {
      let own = try Connection.logName(statement, 3)
      guard let inbox = Inbox(own: own) else { throw StoreError.damagedColumn }
      let marks = try Connection.marks(statement)
      let isKnown = Inbox.Side.allCases.allSatisfy { side in
        newer.names.contains(inbox.log(side)) || marks.last(side) <= heads[inbox.log(side)] ?? 0
      }
      if !isKnown { add(.strangers, first: MessageName.prefix(of: own)) }
    } catch {
      let isNewer = (error as? StoreError)?.isOfNewerVersion == true
      add(isNewer ? .newer : .marks, first: "number \(counts.marks)")
    }
  }

  private func nid(_ log: Log, _ seq: Int) -> String { MessageName(log: log.name, seq: seq).nid }
}

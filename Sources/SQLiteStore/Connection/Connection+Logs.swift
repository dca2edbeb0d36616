import Inbox

/// The row of a log.
struct LogRow {
  var id: Int64
  var head: Int
  /// The time of the head.
  var time: Timestamp
  /// The token of the head.
  var token: UInt64
  /// A random number, new with each change of the record; 0 before the first.
  var stamp: Int64
  var record: LogRecord

  /// The log's state, without what a reader sent.
  var state: LogState { LogState(head: head, record: record) }
}

extension Connection {
  /// The row of a log; nil if nothing was ever appended to it.
  func log(_ name: LogName) throws(StoreError) -> LogRow? {
    guard let view else { return try readLog(name) }
    return try keptLog(name, view).row
  }

  /// Reads the row of a log; of one that is known with the same record, the record is not read.
  func readLog(_ name: LogName, known: LogRow? = nil) throws(StoreError) -> LogRow? {
    if let id = knownID(of: name) {
      return try with(.logByID) { statement throws(StoreError) in
        statement.bind(id, at: 1)
        statement.bind(known?.stamp, at: 2)
        return try statement.step() ? try Self.logRow(statement, known: known) : nil
      }
    }
    let row = try with(.logByName) { statement throws(StoreError) in
      statement.bind(name.encoded, at: 1)
      statement.bind(known?.stamp, at: 2)
      return try statement.step() ? try Self.logRow(statement, known: known) : nil
    }
    if let row { remember(row.id, of: name) }
    return row
  }

  /// The id of a log; nil if nothing was ever appended to it.
  func id(of name: LogName) throws(StoreError) -> Int64? {
    if let id = knownID(of: name) { return id }
    return try log(name)?.id
  }

  /// Reads the row of a statement that returns id, head, time, token, stamp and record; no record if the stamp is
  /// that of the known row.
  static func logRow(_ statement: PreparedStatement, known: LogRow? = nil) throws(StoreError) -> LogRow {
    let id = try statement.integer(0)
    guard (1...Position.maximumLog).contains(id) else { throw .damagedColumn }
    var row = LogRow(
      id: id, head: try statement.count(1, through: Position.maximumSeq), time: try statement.time(2),
      token: UInt64(bitPattern: try statement.integer(3)), stamp: try statement.integer(4),
      record: LogRecord())
    if let known, known.stamp == row.stamp {
      row.record = known.record
    } else if let bytes = try statement.bytes(5) {
      do {
        row.record = try LogRecord(encoded: bytes)
      } catch {
        throw .unreadable("the record of a log", error)
      }
    } else {
      return row
    }
    try row.state.check()
    return row
  }
}

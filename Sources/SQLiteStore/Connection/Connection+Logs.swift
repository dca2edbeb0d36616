import Inbox

/// The row of a log.
struct LogRow {
  var id: Int64
  var head: Int
  /// The time of the head.
  var time: Timestamp
  var record: LogRecord

  /// The log's state, without what a reader sent.
  var state: LogState { LogState(head: head, record: record) }
}

extension Connection {
  /// The row of a log; nil if nothing was ever appended to it.
  func log(_ name: LogName) throws(StoreError) -> LogRow? {
    if let id = knownID(of: name) {
      return try with(.logByID) { statement throws(StoreError) in
        statement.bind(id, at: 1)
        return try statement.step() ? try Self.logRow(statement) : nil
      }
    }
    let row = try with(.logByName) { statement throws(StoreError) in
      statement.bind(name.encoded, at: 1)
      return try statement.step() ? try Self.logRow(statement) : nil
    }
    if let row { remember(row.id, of: name) }
    return row
  }

  /// The id of a log; nil if nothing was ever appended to it.
  func id(of name: LogName) throws(StoreError) -> Int64? {
    if let id = knownID(of: name) { return id }
    return try log(name)?.id
  }

  /// Reads the row of a statement that returns id, head, time and record.
  static func logRow(_ statement: PreparedStatement) throws(StoreError) -> LogRow {
    let id = try statement.integer(0)
    guard (1...Position.maximumLog).contains(id) else { throw .damagedColumn }
    var row = LogRow(
      id: id, head: try statement.count(1, through: Position.maximumSeq), time: try statement.time(2),
      record: LogRecord())
    guard let bytes = try statement.bytes(3) else { return row }
    do {
      row.record = try LogRecord(encoded: bytes)
    } catch {
      throw .unreadable("the record of a log", error)
    }
    try row.state.check()
    return row
  }
}

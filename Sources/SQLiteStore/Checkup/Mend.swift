import Inbox

/// A change of the file that mends something.
enum Mend: Sendable {
  case rename(Int64, LogName)
  case removeLog(Int64)
  /// A log begins, in which messages are put whose own is not known.
  case begin(Int64, LogName)
  /// A log with all its messages gets another id.
  case renumber(Int64, as: Int64)
  case head(Int64, Int, Timestamp)
  case record(Int64, LogRecord)
  case insert(Position, StoredMessage)
  case replace(Position, StoredMessage)
  case move(Position, to: Position)
  /// A message gets another log, in which its key means nothing.
  case collect(Position, to: Position)
  case marks([UInt8], Marks)
  case removeMarks([UInt8])
  case removeStrangeMarks
}

extension Connection {
  /// Makes the changes. What is remembered of the messages is forgotten, by every process that has the file open: the
  /// version of the schema tells them that this is another past.
  func mend(_ mends: [Mend]) throws(StoreError) {
    for mend in mends { try make(mend) }
    if !mends.isEmpty { try forgetPast() }
  }

  /// Makes everybody forget what was read before.
  func forgetPast() throws(StoreError) {
    try execute("CREATE TABLE mended (x); DROP TABLE mended")
    forgetLogs()
  }

  private func make(_ mend: Mend) throws(StoreError) {
    switch mend {
    case .rename(let id, let name):
      try run(.renameLog) {
        $0.bind(id, at: 1)
        $0.bind(name.encoded, at: 2)
      }
    case .removeLog(let id): try run(.removeLog) { $0.bind(id, at: 1) }
    case .begin(let id, let name):
      try run(.insertLog) {
        $0.bind(id, at: 1)
        $0.bind(name.encoded, at: 2)
        $0.bind(0, at: 3)
        $0.bind(0, at: 4)
        $0.bind(0, at: 5)
      }
    case .renumber(let old, let id):
      // An id that no log can have has no messages.
      if (1...Position.maximumLog).contains(old) {
        let range = Position.range(of: old)
        try run(.adoptMessages) {
          $0.bind(range.lowerBound, at: 1)
          $0.bind(range.upperBound, at: 2)
          $0.bind(id, at: 3)
        }
      }
      try run(.renumberLog) {
        $0.bind(old, at: 1)
        $0.bind(id, at: 2)
      }
    case .head(let id, let head, let time): try mendHead(of: id, head, time)
    case .record(let id, let record):
      let bytes = try record.bytesToWrite()
      try run(.updateRecord) {
        $0.bind(id, at: 1)
        $0.bind(bytes, at: 2)
        $0.bind(.random(in: .min ... .max), at: 3)
      }
    case .insert(let position, let message): try write(.insertMessage, position, message)
    case .replace(let position, let message): try write(.replaceMessage, position, message)
    case .move(let position, let target), .collect(let position, let target):
      let sql: SQL = if case .move = mend { .moveMessage } else { .collectMessage }
      try run(sql) {
        $0.bind(position.rawValue, at: 1)
        $0.bind(target.rawValue, at: 2)
      }
    case .marks(let name, let marks):
      try run(.writeMarks) {
        $0.bind(name, at: 1)
        $0.bind(Int64(marks.version), at: 2)
        $0.bind(marks.encoded, at: 3)
        $0.bind(Int64(bitPattern: marks.stamp), at: 4)
      }
    case .removeMarks(let name): try run(.removeMarks) { $0.bind(name, at: 1) }
    case .removeStrangeMarks: try run(.removeStrangeMarks) { _ in }
    }
  }

  /// Writes with which message a log ends, once the message is there.
  private func mendHead(of log: Int64, _ head: Int, _ time: Timestamp) throws(StoreError) {
    try run(.mendHead) {
      $0.bind(log, at: 1)
      $0.bind(Int64(head), at: 2)
      $0.bind(time, at: 3)
      $0.bind(.random(in: .min ... .max), at: 4)
    }
  }

  private func write(_ sql: SQL, _ position: Position, _ message: StoredMessage) throws(StoreError) {
    try run(sql) { statement in
      statement.bind(position.rawValue, at: 1)
      statement.bind(message.time ?? 0, at: 2)
      statement.bind(message.body)
      statement.bind(message.key?.string, at: 10)
      statement.bind(message.digest, at: 11)
      statement.bind(.random(in: .min ... .max), at: 12)
    }
  }
}

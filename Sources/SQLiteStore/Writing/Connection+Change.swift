import Inbox

extension Connection {
  /// Decides a change of an inbox's marks.
  func change<Value: Sendable>(
    marksOf inbox: Inbox, _ body: (any StoreReader, inout InboxState) throws -> Value
  ) throws -> Decision<Value> {
    begin()
    var state = try state(of: inbox)
    let before = state.marks
    let value = try body(self, &state)
    guard let next = try state.marks.replacing(before) else { return Decision(value: value) }
    return Decision(value: value) { connection throws(StoreError) in
      try connection.write(next.marks, next.bytes, of: inbox)
    }
  }

  /// Writes marks, of which these are the bytes.
  func write(_ marks: Marks, _ bytes: [UInt8], of inbox: Inbox) throws(StoreError) {
    try run(.writeMarks) { statement in
      statement.bind(inbox.own.encoded, at: 1)
      statement.bind(Int64(marks.version), at: 2)
      statement.bind(bytes, at: 3)
      statement.bind(Int64(bitPattern: marks.stamp), at: 4)
    }
  }

  /// Decides the retraction of a message: the log's record is changed, then the body is cleared.
  func retract(_ message: MessageName) throws(StoreError) -> Decision<Bool> {
    guard let log = try log(message.log) else { throw .notFound }
    var state = log.state
    guard try state.retract(message.seq) else { return Decision(value: false) }
    let encoded = try state.record.bytesToWrite()
    return Decision(value: true) { connection throws(StoreError) in
      try connection.writeRecord(encoded, of: log.id)
      try connection.clear(message.seq, of: log.id)
    }
  }

  /// Writes the record of the log with this id.
  func writeRecord(_ bytes: [UInt8], of log: Int64) throws(StoreError) {
    try run(.updateRecord) { statement in
      statement.bind(log, at: 1)
      statement.bind(bytes, at: 2)
      statement.bind(.random(in: .min ... .max), at: 3)
    }
  }

  /// Clears the body of a message.
  func clear(_ seq: Int, of log: Int64) throws(StoreError) {
    try run(.clearMessage) { $0.bind(Position(log: log, seq: seq).rawValue, at: 1) }
  }

  /// Runs a statement that writes.
  func run(_ sql: SQL, _ bind: (PreparedStatement) -> Void) throws(StoreError) {
    hasWritten = true
    try with(sql) { statement throws(StoreError) in
      bind(statement)
      _ = try statement.step()
    }
  }
}

import Inbox

// Where logs, and their list, end: as far as that is believed.
extension Connection {
  /// The record of a log that ends there, and what is wrong with it.
  func record(of row: StoredLog, end: Int) throws(StoreError) -> (faults: [FaultKind], record: LogRecord) {
    let range = Position.range(of: row.id)
    let first = try seq(.messageAfter, range.lowerBound, in: range) ?? 1
    return LogRecord.examined(row.record, first: first, head: end)
  }

  /// The last number that a log is believed to have.
  func end(of row: StoredLog) throws(StoreError) -> Int {
    let range = Position.range(of: row.id)
    let last = try seq(.messageBefore, range.upperBound, in: range) ?? 0
    let tail = try record(of: row, end: max(last, row.head ?? 0)).record.tail
    let head: BelievedEnd.Head = row.head.map { row.isSealed ? .sealed($0) : .claimed($0) } ?? .unknown
    var end = BelievedEnd(head, tail: tail, count: row.head == nil ? 0 : try count(range))
    try take(.numbersBefore, [range.lowerBound + 1, range.upperBound], into: &end) {
      Position(rawValue: $0).seq
    }
    return end.end
  }

  /// The next id of a log that neither a log nor a message has.
  func freeLog(after newest: Int64) throws(StoreError) -> Int64 {
    var id = max(newest, 0) + 1
    while true {
      if try storedLog(.logWithName, id) == nil, !(try hasMessages(id)) { return id }
      id += 1
    }
  }

  private func hasMessages(_ id: Int64) throws(StoreError) -> Bool {
    let range = Position.range(of: id)
    return try position(.messageAfter, range.lowerBound - 1).map(range.contains) ?? false
  }

  /// Logs whose ids no log gets, since each one gets the next. They find back to their messages by the last one's token,
  /// or get the next id.
  func misplacedLogs() throws(StoreError) -> LogWalk.Step {
    var step = LogWalk.Step()
    let rows = try misplaced()
    guard !rows.isEmpty else { return step }
    var homes = try homes()
    var newest = try lastLog(slack: BelievedEnd.slack)
    for row in rows {
      step.faults.append(Fault(.logID, row.name.map { .log($0) } ?? .other("row \(row.id)")))
      if let token = row.lastToken, let home = homes[token], home.head == row.head {
        homes[token] = nil
        step.faults[step.faults.count - 1].mending = "the log got back the number of its messages"
        step.mends.append(.renumber(row.id, as: home.id))
      } else {
        newest = try freeLog(after: newest)
        step.mends.append(.renumber(row.id, as: newest))
      }
    }
    return step
  }

  /// The last id that a log is believed to have.
  private func lastLog(slack: Int) throws(StoreError) -> Int64 {
    var end = BelievedEnd(.unknown, slack: slack)
    try take(.logsBefore, [Position.maximumLog], into: &end) { Int($0) }
    return Int64(end.end)
  }

  /// Logs with ids that none can have, with ids far beyond the others, and without messages beyond the others.
  private func misplaced() throws(StoreError) -> [StoredLog] {
    var found: [StoredLog] = []
    var after = Int64.min
    if let row = try storedLog(.logWithName, after) { found.append(row) }
    while let row = try storedLog(.logAfter, after), row.id < 1 {
      found.append(row)
      after = row.id
    }
    after = max(try lastLog(slack: 0), 0)
    let last = try lastLog(slack: BelievedEnd.slack)
    while let row = try storedLog(.logAfter, after) {
      if row.id > last { found.append(row) } else if !(try hasMessages(row.id)) { found.append(row) }
      after = row.id
    }
    return found
  }

  /// The possible ids that messages have and no log, by the token of the last message.
  private func homes() throws(StoreError) -> [Int64: (id: Int64, head: Int)] {
    var homes: [Int64: (id: Int64, head: Int)] = [:]
    var after = Position.range(of: 1).lowerBound
    while let found = try position(.messageAfter, after) {
      let range = Position.range(of: found >> 32)
      after = range.upperBound
      guard try storedLog(.logWithName, found >> 32) == nil,
        let last = try position(.messageBefore, range.upperBound)
      else { continue }
      let token = try with(.token) { statement throws(StoreError) in
        statement.bind(last, at: 1)
        guard try statement.step() else { return Int64?.none }
        return try StoredLog.readable { () throws(StoreError) in try statement.integer(0) }
      }
      if let token { homes[token] = (found >> 32, Position(rawValue: last).seq) }
    }
    return homes
  }

  /// Takes the numbers that a statement finds, until no more are needed.
  private func take(
    _ sql: SQL, _ bounds: [Int64], into end: inout BelievedEnd, _ number: (Int64) -> Int
  ) throws(StoreError) {
    // The value is not held while the statement runs.
    end = try with(sql) { [end] statement throws(StoreError) in
      var end = end
      for (index, bound) in bounds.enumerated() { statement.bind(bound, at: Int32(index + 1)) }
      while !end.isSettled, try statement.step() { end.take(number(try statement.integer(0))) }
      return end
    }
  }
}

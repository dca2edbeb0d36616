import Inbox

extension Connection {
  func logs(after name: LogName?, limit: Int) throws -> [LogName] {
    try names(.logsOfLength, .logsLonger, after: name, limit)
  }

  func inboxes(after inbox: Inbox?, limit: Int) throws -> [Inbox] {
    try names(.inboxesOfLength, .inboxesLonger, after: inbox?.own, limit).map { own in
      guard let inbox = Inbox(own: own) else { throw StoreError.damagedColumn }
      return inbox
    }
  }

  func marks(of inboxes: [Inbox]) throws -> [Marks] {
    try inboxes.map { inbox in
      try checkDeadline()
      return try marks(of: inbox)
    }
  }

  /// The names after one: first those of its length, then the longer ones.
  private func names(
    _ ofLength: SQL, _ longer: SQL, after name: LogName?, _ limit: Int
  ) throws(StoreError) -> [LogName] {
    let after = name?.encoded ?? []
    var (names, last): ([LogName], [UInt8]) = ([], after)
    for sql in [ofLength, longer] where names.count < limit {
      try checkDeadline()
      try with(sql) { statement throws(StoreError) in
        statement.bind(Int64(after.count), at: 1)
        if sql == ofLength { statement.bind(after, at: 2) }
        statement.bind(Int64(limit - names.count), at: 3)
        while try statement.step() {
          let name = try Self.logName(statement, 0)
          guard
            last.count < name.encoded.count
              || last.count == name.encoded.count && last.lexicographicallyPrecedes(name.encoded)
          else { throw .disorder }
          last = name.encoded
          names.append(name)
        }
      }
    }
    return names
  }

  /// Reads a column that holds the name of a log.
  static func logName(_ statement: PreparedStatement, _ column: Int32) throws(StoreError) -> LogName {
    guard let bytes = try statement.bytes(column) else { throw .damagedColumn }
    do {
      return try LogName(encoded: bytes)
    } catch {
      throw .unreadable("the name of a log", error)
    }
  }

  func logs(_ names: [LogName]) throws -> [LogState] {
    try names.map { name in
      try checkDeadline()
      return try log(name)?.state ?? LogState()
    }
  }

  func held(_ keys: [SenderKey], in log: LogName) throws -> Set<SenderKey> {
    try checkDeadline()
    guard let row = try self.log(log) else { return [] }
    return Set(try keys.filter { key in try isHeld(key, in: row.id) })
  }

  func entries(in name: LogName, from first: Int, limit: Int) throws -> [LogEntry] {
    try checkDeadline()
    guard let log = try log(name) else { return [] }
    let first = max(first, log.record.tail)
    guard first <= log.head else { return [] }
    return try with(.entries) { statement throws(StoreError) in
      let from = Position(log: log.id, seq: first).rawValue
      let to = Position(log: log.id, seq: log.head).rawValue
      statement.bind(from, at: 1)
      statement.bind(to, at: 2)
      statement.bind(Int64(limit), at: 3)
      var entries: [LogEntry] = []
      var order = RowOrder(from, to)
      while try statement.step() {
        try order.take(try statement.integer(0))
        let message = try Self.message(statement)
        entries.append(
          LogEntry(
            message, isRetracted: log.record.retracted.contains(message.seq), key: try statement.text(10),
            digest: try statement.bytes(11) ?? []))
      }
      return entries
    }
  }
}

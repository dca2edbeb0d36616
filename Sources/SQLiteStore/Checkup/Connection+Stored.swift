import Inbox

/// The row of a log, decoded as far as that goes.
struct StoredLog {
  var id: Int64
  var name: LogName?
  var head: Int?
  var time: Timestamp?
  var record: [UInt8]?
  /// Whether it has a stamp and the token of its last message.
  var isSealed: Bool
  /// The token of its last message, as it says.
  var lastToken: Int64?

  init(_ statement: PreparedStatement) throws(StoreError) {
    id = try statement.integer(0)
    head = try Self.readable { () throws(StoreError) in try statement.count(1, through: Position.maximumSeq) }
    time = try Self.readable { () throws(StoreError) in try statement.time(2) }
    // What is no bytes is no record either.
    record = statement.isBytes(3) ? try statement.bytes(3) : [0]
    isSealed = try statement.integer(5) == 1
    lastToken = try Self.readable { () throws(StoreError) in try statement.integer(6) }
    name =
      statement.isBytes(4)
      ? try Self.readable { () throws(StoreError) in try Connection.logName(statement, 4) } : nil
  }

  /// A value; nil if it is none that Tidings writes.
  static func readable<Value>(_ value: () throws(StoreError) -> Value) throws(StoreError) -> Value? {
    do {
      return try value()
    } catch .damaged {
      return nil
    } catch {
      throw error
    }
  }
}

extension StoredMessage {
  /// Reads the row of `SQL.entries`.
  init(_ statement: PreparedStatement) throws(StoreError) {
    let position = Position(rawValue: try statement.integer(0))
    let time = try StoredLog.readable { () throws(StoreError) in try statement.time(1) }
    let token = try StoredLog.readable { () throws(StoreError) in try statement.integer(2) }
    var flaws: [FaultKind] = []
    var texts: [String?] = []
    texts.reserveCapacity(8)
    for column in 3...10 as ClosedRange<Int32> {
      let isBytes = statement.isBytes(column)
      do {
        texts.append(try statement.string(column))
        if isBytes { continue }
      } catch .damagedColumn {
        texts.append(try Self.rest(of: column, statement))
      } catch {
        throw error
      }
      flaws.append(column == 7 ? .type : column == 10 ? .key : .text)
    }
    if texts[4] == nil, !flaws.contains(.type) { flaws.append(.type) }
    let digest = statement.isBytes(11) ? try statement.bytes(11) : []
    self.init(
      seq: position.seq, time: time, hasToken: token ?? 0 != 0,
      body: MessageBody(
        type: Text(texts[4] ?? "unknown"), sender: texts[0].map { Text($0) }, username: texts[1],
        teamName: texts[2], receiver: texts[3].map { Text($0) }, content: texts[5], data: texts[6]),
      key: texts[7].map { Text($0) }, digest: digest, flaws: flaws)
  }

  /// What can be read of a text that is none: nothing of a value of another kind.
  private static func rest(of column: Int32, _ statement: PreparedStatement) throws(StoreError) -> String? {
    let bytes = try StoredLog.readable { () throws(StoreError) in try statement.bytes(column) } ?? nil
    return bytes.map { String(decoding: $0, as: UTF8.self) }
  }
}

extension StoredMarks {
  /// Reads the row of `SQL.marksAfter`. No marks that were written have version or stamp 0.
  init(_ statement: PreparedStatement) throws(StoreError) {
    let version = try StoredLog.readable { () throws(StoreError) in
      try statement.count(0, through: StoredMarks.largestVersion)
    }
    let stamp = try StoredLog.readable { () throws(StoreError) in try statement.integer(2) }
    self.init(
      version: version == 0 ? nil : version, stamp: stamp == 0 ? nil : stamp.map { UInt64(bitPattern: $0) },
      body: statement.isBytes(1) ? try statement.bytes(1) : nil)
  }
}

// What who verifies asks for.
extension Connection {
  func storedLog(_ sql: SQL, _ id: Int64) throws(StoreError) -> StoredLog? {
    try with(sql) { statement throws(StoreError) in
      statement.bind(id, at: 1)
      guard try statement.step() else { return nil }
      let row = try StoredLog(statement)
      guard sql == .logAfter ? row.id > id : row.id == id else { throw .disorder }
      return row
    }
  }

  func position(_ sql: SQL, _ position: Int64) throws(StoreError) -> Int64? {
    try with(sql) { statement throws(StoreError) in
      statement.bind(position, at: 1)
      guard try statement.step() else { return nil }
      let found = try statement.integer(0)
      guard sql == .messageAfter ? found > position : found <= position else { throw .disorder }
      return found
    }
  }

  /// The number of the message that a statement finds, if it lies in the log.
  func seq(_ sql: SQL, _ position: Int64, in log: ClosedRange<Int64>) throws(StoreError) -> Int? {
    guard let found = try self.position(sql, position), log.contains(found) else { return nil }
    return Position(rawValue: found).seq
  }

  func count(_ range: ClosedRange<Int64>) throws(StoreError) -> Int {
    try with(.countMessages) { statement throws(StoreError) in
      statement.bind(range.lowerBound, at: 1)
      statement.bind(range.upperBound, at: 2)
      return try statement.step() ? Int(try statement.integer(0)) : 0
    }
  }

  func stored(_ first: Int64, _ last: Int64, _ limit: Int) throws(StoreError) -> [StoredMessage] {
    try with(.entries) { statement throws(StoreError) in
      statement.bind(first, at: 1)
      statement.bind(last, at: 2)
      statement.bind(Int64(limit), at: 3)
      var messages: [StoredMessage] = []
      var order = RowOrder(first, last)
      while try statement.step() {
        try order.take(try statement.integer(0))
        messages.append(try StoredMessage(statement))
      }
      return messages
    }
  }

  /// The positions and times of messages.
  func places(
    _ first: Int64, _ last: Int64, _ limit: Int
  ) throws(StoreError) -> [(position: Position, time: Timestamp?)] {
    try with(.entries) { statement throws(StoreError) in
      statement.bind(first, at: 1)
      statement.bind(last, at: 2)
      statement.bind(Int64(limit), at: 3)
      var places: [(position: Position, time: Timestamp?)] = []
      var order = RowOrder(first, last)
      while try statement.step() {
        let position = try statement.integer(0)
        try order.take(position)
        let time = try StoredLog.readable { () throws(StoreError) in try statement.time(1) }
        places.append((Position(rawValue: position), time))
      }
      return places
    }
  }

  /// The name of a log that nobody has, for the messages of a log without one.
  func lostAndFound(_ id: Int64) throws(StoreError) -> LogName {
    var (name, count) = (LogName.lostAndFound("\(id)"), 1)
    while try log(named: name) {
      count += 1
      name = .lostAndFound("\(id) \(count)")
    }
    return name
  }

  private func log(named name: LogName) throws(StoreError) -> Bool {
    try with(.headOfLog) { statement throws(StoreError) in
      statement.bind(name.encoded, at: 1)
      return try statement.step()
    }
  }
}

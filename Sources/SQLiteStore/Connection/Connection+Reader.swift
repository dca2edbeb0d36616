import Inbox

extension Connection: StoreReader {
  func states(of inboxes: [Inbox]) throws -> [InboxState] {
    try inboxes.map { try state(of: $0) }
  }

  func state(of inbox: Inbox) throws(StoreError) -> InboxState {
    try checkDeadline()
    if let view { return try state(of: inbox, view) }
    var state = InboxState(inbox: inbox, marks: try marks(of: inbox))
    state.shared = try logState(inbox.shared, for: inbox.user, after: state.marks.shared.folded)
    state.own = try logState(inbox.own, for: inbox.user, after: state.marks.own.folded)
    try state.checkMarks()
    return state
  }

  /// Reads the marks of an inbox; if they are still those that are known, their body is not read.
  func marks(of inbox: Inbox, known: Marks? = nil) throws(StoreError) -> Marks {
    try with(.marks) { statement throws(StoreError) in
      statement.bind(inbox.own.encoded, at: 1)
      statement.bind((known?.version).map { Int64($0) }, at: 2)
      statement.bind((known?.stamp).map { Int64(bitPattern: $0) }, at: 3)
      return try statement.step() ? try Self.marks(statement, known: known) : Marks()
    }
  }

  /// Reads the row of a statement that returns version, stamp and body; no body if the others are those of the known
  /// marks.
  static func marks(_ statement: PreparedStatement, known: Marks? = nil) throws(StoreError) -> Marks {
    let version = try statement.count(0, through: StoreBounds.largestNumber)
    let stamp = UInt64(bitPattern: try statement.integer(1))
    if let known, known.version == version, known.stamp == stamp { return known }
    guard let bytes = try statement.bytes(2) else { throw .damagedColumn }
    do {
      return try Marks(version: version, stamp: stamp, encoded: bytes)
    } catch {
      throw .unreadable("the marks of an inbox", error)
    }
  }

  private func logState(
    _ name: LogName, for user: Text, after folded: Int
  ) throws(StoreError) -> LogState {
    guard let log = try log(name) else { return LogState() }
    var state = log.state
    state.sent = try sent(by: user, in: log, name, after: folded)
    return state
  }

  /// The numbers that the user sent after a number: for a user who sends much and marks nothing, each request only
  /// reads the new messages.
  func sent(
    by user: Text, in log: LogRow, _ name: LogName, after folded: Int
  ) throws(StoreError) -> SequenceSet {
    // Few numbers are found as fast as they are remembered.
    guard let sent, log.head - folded >= Self.sentRemembered else {
      return try numbers(log.id, .sender(user), from: folded + 1, through: log.head)
    }
    return try sent.matches(
      .init(name, .sender(user), past: past), after: folded, through: log.head, atLeast: Self.sentRemembered
    ) { first, last throws(StoreError) in try numbers(log.id, .sender(user), from: first, through: last) }
  }

  private static let sentRemembered = 64

  func messages(in name: LogName, _ numbers: SequenceSet) throws -> [Message] {
    guard !numbers.isEmpty, let id = try id(of: name) else { return [] }
    let numbers = numbers.intersection(1, through: Position.maximumSeq)
    var messages: [Message] = []
    // A caller usually asks for a page; a request for more than a log may hold reserves no memory in advance.
    messages.reserveCapacity(min(numbers.count, 256))
    for span in numbers.spans {
      try with(.messages) { statement throws(StoreError) in
        statement.bind(Position(log: id, seq: span.first).rawValue, at: 1)
        statement.bind(Position(log: id, seq: span.last).rawValue, at: 2)
        while try statement.step() { messages.append(try Self.message(statement)) }
      }
    }
    return messages
  }

  /// Reads the row of a statement that returns position, time, token and the fields of the body.
  static func message(_ statement: PreparedStatement) throws(StoreError) -> Message {
    guard let type = try statement.text(7) else { throw .damagedColumn }
    let body = MessageBody(
      type: type, sender: try statement.text(3), username: try statement.string(4),
      teamName: try statement.string(5), receiver: try statement.text(6),
      content: try statement.string(8), data: try statement.string(9))
    let message = Message(
      seq: Position(rawValue: try statement.integer(0)).seq, time: try statement.time(1),
      token: UInt64(bitPattern: try statement.integer(2)), body: body)
    do {
      try message.check()
    } catch {
      throw .damaged("\(error)")
    }
    return message
  }

  func times(in name: LogName, _ numbers: [Int]) throws -> [Timestamp] {
    try rows(.time, of: numbers, in: name) { statement throws(StoreError) in try statement.time(0) }
  }

  func tokens(in name: LogName, _ numbers: [Int]) throws -> [UInt64] {
    try rows(.token, of: numbers, in: name) { statement throws(StoreError) in
      UInt64(bitPattern: try statement.integer(0))
    }
  }

  /// Reads the row of each of these messages, all of which the log must have.
  private func rows<Value>(
    _ sql: SQL, of numbers: [Int], in name: LogName, _ read: (PreparedStatement) throws(StoreError) -> Value
  ) throws(StoreError) -> [Value] {
    guard !numbers.isEmpty else { return [] }
    guard let id = try id(of: name) else { throw .damagedLog }
    return try numbers.map { seq throws(StoreError) in
      guard (1...Position.maximumSeq).contains(seq) else { throw .damagedLog }
      return try with(sql) { statement throws(StoreError) in
        statement.bind(Position(log: id, seq: seq).rawValue, at: 1)
        guard try statement.step() else { throw .damagedLog }
        return try read(statement)
      }
    }
  }

  func last(in name: LogName, notAfter time: Timestamp) throws -> Int {
    guard let log = try log(name) else { return 0 }
    // Times don't decrease within a log: the messages that are not after `time` come first.
    var (low, high) = (0, log.head)
    while low < high {
      let middle = low + (high - low + 1) / 2
      if try firstTime(in: log, from: middle) <= time { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// The time of the first kept message from `seq` on.
  private func firstTime(in log: LogRow, from seq: Int) throws(StoreError) -> Timestamp {
    try with(.firstTime) { statement throws(StoreError) in
      statement.bind(Position(log: log.id, seq: seq).rawValue, at: 1)
      statement.bind(Position(log: log.id, seq: log.head).rawValue, at: 2)
      guard try statement.step() else { throw .damagedLog }
      return try statement.time(0)
    }
  }

  func numbers(
    in name: LogName, where field: MessageField, from first: Int, through last: Int
  ) throws -> SequenceSet {
    guard let id = try id(of: name) else { return SequenceSet() }
    return try numbers(id, field, from: first, through: last)
  }

  func numbers(
    _ log: Int64, _ field: MessageField, from first: Int, through last: Int
  ) throws(StoreError) -> SequenceSet {
    let first = max(first, 1)
    let last = min(last, Position.maximumSeq)
    guard first <= last else { return SequenceSet() }
    return try with(field.sql) { statement throws(StoreError) in
      statement.bind(field.value.string, at: 1)
      statement.bind(Position(log: log, seq: first).rawValue, at: 2)
      statement.bind(Position(log: log, seq: last).rawValue, at: 3)
      guard try statement.step() else { return SequenceSet() }
      var numbers: [Int] = []
      repeat {
        if numbers.count % 1024 == 0 { try checkDeadline() }
        numbers.append(Position(rawValue: try statement.integer(0)).seq)
      } while try statement.step()
      return SequenceSet(numbers: numbers)
    }
  }
}

extension MessageField {
  fileprivate var sql: SQL {
    switch self {
    case .sender: .bySender
    case .receiver: .byReceiver
    case .type: .byType
    }
  }

  fileprivate var value: Text {
    switch self {
    case .sender(let user), .receiver(let user): user
    case .type(let type): type
    }
  }
}

extension StoreError {
  /// A log has gaps.
  static let damagedLog = StoreError.damaged("a log lacks messages that its head says it has")
}

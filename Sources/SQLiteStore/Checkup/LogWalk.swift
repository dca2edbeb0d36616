import Inbox

/// A walk through all logs and their messages, in the order of their places in the file. Each step is a look at one
/// moment, and finds what has to be changed; the walk itself is a value, so that a step can be repeated by who writes.
struct LogWalk: Sendable {
  /// The log that is read, or that was read last.
  private(set) var log = Int64.min
  /// The check of the log that is read; nil between two logs.
  private(set) var check: LogCheck?
  /// The position up to which everything was read.
  private(set) var position = Int64.min
  /// Whether nothing of the log was read yet.
  private var isFresh = false

  /// What a step found.
  struct Step {
    var faults: [Fault] = []
    var mends: [Mend] = []
    var logs = 0
    var messages = 0
    var isOver = false
    /// Whether the next step has to be one of who writes.
    var stops = false

    /// The names of the inboxes whose marks have faults.
    var inboxes: [LogName] {
      faults.compactMap { if case .inbox(let inbox) = $0.place { inbox.own } else { nil } }
    }
  }

  /// The log that the next step reads, if it is known.
  var names: [LogName] { check.map { [$0.name] } ?? [] }

  private let judge: MessageJudge
  /// Whether the changes of each step are made.
  private let repairs: Bool
  private let filling: Int

  /// The number of messages that a step reads.
  static let messagesTogether = 1000

  init(_ judge: MessageJudge, repairs: Bool) {
    (self.judge, self.repairs) = (judge, repairs)
    filling = repairs ? Self.messagesTogether : .max
  }

  /// The same walk from here on, in which changes are made, or in which they are not.
  func going(on repairs: Bool) -> LogWalk {
    var walk = LogWalk(judge, repairs: repairs)
    (walk.log, walk.check, walk.position, walk.isFresh) = (log, check, position, isFresh)
    return walk
  }

  private static func range(of log: Int64) -> ClosedRange<Int64> {
    log << 32...(log << 32 | Int64(UInt32.max))
  }

  mutating func step(_ connection: Connection) throws(StoreError) -> Step {
    check == nil ? try begin(connection) : try go(connection)
  }

  /// Begins with the next log.
  private mutating func begin(_ connection: Connection) throws(StoreError) -> Step {
    let row = try connection.storedLog(.logAfter, log)
    let orphan = try connection.position(.messageAfter, position).map { $0 >> 32 }
    guard let id = [row?.id, orphan].compactMap(\.self).min() else { return Step(isOver: true) }
    guard let row, row.id == id else { return try adopt(id, connection) }
    (log, isFresh) = (id, true)
    guard (1...Position.maximumLog).contains(id) else {
      return Step(faults: [Fault(.logID, .other("row \(id)"))], mends: [.removeLog(id)], logs: 1)
    }
    position = max(position, Self.range(of: id).lowerBound - 1)
    guard let name = row.name else {
      let name = try connection.lostAndFound(id)
      check = LogCheck(name)
      return Step(faults: [Fault(.logName, .other("row \(id)"))], mends: [.rename(id, name)], logs: 1)
    }
    check = LogCheck(name)
    return Step(logs: 1)
  }

  /// Makes a log of messages that belong to none.
  private mutating func adopt(_ id: Int64, _ connection: Connection) throws(StoreError) -> Step {
    let range = Self.range(of: id)
    let count = try connection.count(range)
    let isPossible = (1...Position.maximumLog).contains(id)
    let fault = Fault(
      .orphan, .other("position \(try connection.position(.messageAfter, position) ?? range.lowerBound)"),
      count: count)
    let target = isPossible ? id : try connection.newestLog() + 1
    let end = try connection.position(.messageBefore, range.upperBound) ?? range.lowerBound
    let mend = Mend.adopt(
      range, as: target, try connection.lostAndFound(id), head: Position(rawValue: end).seq)
    if repairs, isPossible {
      // The next step finds the log.
      log = id - 1
    } else {
      (log, position) = (id, range.upperBound)
    }
    return Step(faults: [fault], mends: [mend], messages: repairs ? 0 : count)
  }

  /// Goes on with a log.
  private mutating func go(_ connection: Connection) throws(StoreError) -> Step {
    let range = Self.range(of: log)
    guard let row = try connection.storedLog(.logWithName, log), let name = check?.name else {
      check = nil
      return Step()
    }
    let end = try connection.seq(.messageBefore, range.upperBound, in: range) ?? 0
    guard end > 0 || (row.head ?? 0) > 0 else {
      // There never was a message.
      (check, position) = (nil, range.upperBound)
      return Step(faults: [Fault(.recordStray, .log(name))], mends: [.removeLog(log)])
    }
    let first = try connection.seq(.messageAfter, range.lowerBound, in: range) ?? 1
    let (kinds, record) = LogRecord.examined(
      row.record, first: first, head: LogCheck.head(row.head, end: end))
    var step = Step()
    if isFresh { step.faults = kinds.map { Fault($0, .log(name)) } }
    isFresh = false
    guard kinds != [.newer] else {
      // Only that version knows which messages its record speaks of.
      step.messages = try connection.count(position + 1...range.upperBound)
      (check, position) = (nil, range.upperBound)
      return step
    }
    let rows = try connection.stored(
      position + 1, range.upperBound, Self.messagesTogether + LogCheck.lookahead)
    let page = LogCheck.Page(
      head: row.head ?? -1, end: end, record: record, messages: Array(rows.prefix(Self.messagesTogether)),
      following: rows.dropFirst(Self.messagesTogether).map(\.time),
      isLast: rows.count <= Self.messagesTogether)
    take(page, row, mendsRecord: !kinds.isEmpty, &step)
    return step
  }

  /// Checks a page of the log, and says which rows have to change.
  private mutating func take(
    _ page: LogCheck.Page, _ row: StoredLog, mendsRecord: Bool, _ step: inout Step
  ) {
    guard let name = check?.name, let outcome = check?.take(page, judge, filling: filling) else { return }
    step.faults += outcome.faults
    step.messages = outcome.count
    var (record, head, time, moves) = (page.record, row.head ?? page.end, row.time, false)
    var endsOtherwise = false
    for change in outcome.changes {
      switch change {
      case .fill(let span, let time):
        guard repairs else { break }
        for seq in span.first...span.last {
          step.mends.append(.insert(Position(log: log, seq: seq), .placeholder(seq, at: time)))
          _ = record.retract(seq)
        }
      case .replace(let index, let message):
        step.mends.append(.replace(Position(log: log, seq: page.messages[index].seq), message))
      case .move(let index):
        moves = true
        head = max(head, page.end) + 1
        step.mends.append(
          .move(Position(log: log, seq: page.messages[index].seq), to: Position(log: log, seq: head)))
      case .head(let last): head = last
      }
    }
    if mendsRecord || record != page.record { step.mends.append(.record(log, record)) }
    if outcome.count > 0 {
      position = Position(log: log, seq: page.messages[outcome.count - 1].seq).rawValue
    }
    // What was filled in is not read again.
    if repairs, let next = check?.next {
      position = max(position, Position(log: log, seq: next - 1).rawValue)
    }
    // A message that got another number is still to be looked at there.
    if outcome.isDone, !moves {
      time = check?.time ?? row.time ?? 0
      if time != row.time, outcome.changes.isEmpty { step.faults.append(Fault(.headTime, .log(name))) }
      endsOtherwise = !row.isSealed
      if endsOtherwise, head == row.head, time == row.time, outcome.changes.isEmpty {
        step.faults.append(Fault(.headToken, .log(name)))
      }
      (check, position) = (nil, Self.range(of: log).upperBound)
    }
    if endsOtherwise || head != row.head || time != row.time {
      step.mends.append(.head(log, head, time ?? 0))
    }
  }
}

extension Connection {
  fileprivate func storedLog(_ sql: SQL, _ id: Int64) throws(StoreError) -> StoredLog? {
    try with(sql) { statement throws(StoreError) in
      statement.bind(id, at: 1)
      return try statement.step() ? try StoredLog(statement) : nil
    }
  }

  fileprivate func position(_ sql: SQL, _ position: Int64) throws(StoreError) -> Int64? {
    try with(sql) { statement throws(StoreError) in
      statement.bind(position, at: 1)
      return try statement.step() ? try statement.integer(0) : nil
    }
  }

  /// The number of the message that a statement finds, if it lies in the log.
  fileprivate func seq(_ sql: SQL, _ position: Int64, in log: ClosedRange<Int64>) throws(StoreError) -> Int? {
    guard let found = try self.position(sql, position), log.contains(found) else { return nil }
    return Position(rawValue: found).seq
  }

  fileprivate func count(_ range: ClosedRange<Int64>) throws(StoreError) -> Int {
    try with(.countMessages) { statement throws(StoreError) in
      statement.bind(range.lowerBound, at: 1)
      statement.bind(range.upperBound, at: 2)
      return try statement.step() ? Int(try statement.integer(0)) : 0
    }
  }

  fileprivate func stored(_ first: Int64, _ last: Int64, _ limit: Int) throws(StoreError) -> [StoredMessage] {
    try with(.entries) { statement throws(StoreError) in
      statement.bind(first, at: 1)
      statement.bind(last, at: 2)
      statement.bind(Int64(limit), at: 3)
      var messages: [StoredMessage] = []
      while try statement.step() { messages.append(try StoredMessage(statement)) }
      return messages
    }
  }

  /// The name of a log that nobody has, for the messages of a log without one.
  fileprivate func lostAndFound(_ id: Int64) throws(StoreError) -> LogName {
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

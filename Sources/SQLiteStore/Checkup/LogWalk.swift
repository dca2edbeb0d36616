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
  /// Whether the ids of logs were checked.
  private var hasCheckedIDs = false
  /// Where the log ends, for as long as what that was found by stays so; nil while nothing says that its own head is wrong.
  private var ending: Ending?
  /// The log that gets messages whose own is not known.
  private var lost: Int64?

  private struct Ending: Hashable {
    var head: Int?
    var isSealed: Bool
    var last: Int
    var end: Int?
  }

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
  private var repairs: Bool

  /// The number of messages that a step reads, and the most that it writes.
  static let messagesTogether = 1000

  init(_ judge: MessageJudge, repairs: Bool) { (self.judge, self.repairs) = (judge, repairs) }

  /// The same walk from here on, in which changes are made, or in which they are not.
  func going(on repairs: Bool) -> LogWalk {
    var walk = self
    walk.repairs = repairs
    return walk
  }

  mutating func step(_ connection: Connection) throws(StoreError) -> Step {
    guard hasCheckedIDs else {
      hasCheckedIDs = true
      return try connection.misplacedLogs()
    }
    return check == nil ? try begin(connection) : try go(connection)
  }

  /// Begins with the next log.
  private mutating func begin(_ connection: Connection) throws(StoreError) -> Step {
    let row = try connection.storedLog(.logAfter, log)
    var message = position == .min ? try connection.position(.messageBefore, .min) : nil
    if message == nil { message = try connection.position(.messageAfter, position) }
    let orphan = message.map { $0 >> 32 }
    guard let id = [row?.id, orphan].compactMap(\.self).min() else { return Step(isOver: true) }
    guard let row, row.id == id else { return try adopt(id, connection) }
    (log, isFresh, ending) = (id, true, nil)
    // An id that no log can have was told of before.
    guard (1...Position.maximumLog).contains(id) else { return Step(logs: 1) }
    position = max(position, Position.range(of: id).lowerBound - 1)
    guard let name = row.name else {
      let name = try connection.lostAndFound(id)
      check = LogCheck(name)
      return Step(faults: [Fault(.logName, .other("row \(id)"))], mends: [.rename(id, name)], logs: 1)
    }
    check = LogCheck(name)
    return Step(logs: 1)
  }

  /// Makes a log of messages that belong to none: of all of them, if they may be those of a log whose entry is lost; else
  /// they are put one behind the other into a log that is kept for such ones.
  private mutating func adopt(_ id: Int64, _ connection: Connection) throws(StoreError) -> Step {
    let range = Position.range(of: id)
    let count = try connection.count(range)
    let last = try connection.seq(.messageBefore, range.upperBound, in: range) ?? 0
    let first = try connection.stored(range.lowerBound, range.upperBound, 1).first?.seq ?? 0
    var fault = Fault(.orphan, .other("position \(Position(log: id, seq: first).rawValue)"), count: count)
    let newest = try connection.newestLog()
    let isWhole = (1...newest + 1).contains(id) && last - count <= count && first > 0
    if !isWhole { fault.mending = Fault.collected }
    guard repairs else {
      (log, position) = (max(log, id), range.upperBound)
      return Step(faults: [fault], messages: count)
    }
    if isWhole {
      let name = try connection.lostAndFound(id)
      let end = Position(log: id, seq: last).rawValue
      let time = try connection.stored(end, end, 1).first?.time
      // The next step finds the log.
      log = id - 1
      return Step(faults: [fault], mends: [.begin(id, name), .head(id, last, time ?? 0)])
    }
    // Neither before the first log nor far behind the last one is any message another's. The rest is found by the next step.
    let from = id < 1 ? .min : range.lowerBound
    let to = id < 1 ? Position.range(of: 0).upperBound : id > newest + 1 ? .max : range.upperBound
    let messages = try connection.places(from, to, Self.messagesTogether)
    fault.count = messages.count
    var step = Step(faults: [fault])
    try collect(messages, connection, &step)
    return step
  }

  /// Puts messages whose log is not known at the end of one that is read later.
  private mutating func collect(
    _ messages: [(position: Position, time: Timestamp?)], _ connection: Connection, _ step: inout Step
  ) throws(StoreError) {
    guard !messages.isEmpty else { return }
    var head = 0
    let row = try lost.flatMap { lost throws(StoreError) in
      lost > log ? try connection.storedLog(.logWithName, lost) : nil
    }
    let target: Int64
    if let row {
      (target, head) = (row.id, row.head ?? 0)
    } else {
      target = try connection.freeLog(after: connection.newestLog())
      step.mends.append(.begin(target, try connection.lostAndFound(target)))
    }
    lost = target
    for message in messages {
      head += 1
      step.mends.append(.collect(message.position, to: Position(log: target, seq: head)))
    }
    step.mends.append(.head(target, head, messages.last?.time ?? 0))
  }

  /// Goes on with a log.
  private mutating func go(_ connection: Connection) throws(StoreError) -> Step {
    let range = Position.range(of: log)
    guard let row = try connection.storedLog(.logWithName, log), let name = check?.name else {
      check = nil
      return Step()
    }
    let last = try connection.seq(.messageBefore, range.upperBound, in: range) ?? 0
    let end = try end(of: row, last, connection)
    guard last > 0 || end > 0 else {
      // There never was a message.
      (check, position) = (nil, range.upperBound)
      return Step(faults: [Fault(.recordStray, .log(name))], mends: [.removeLog(log)])
    }
    // Where numbers are far away, the record may speak of those that messages get when they are moved.
    let (kinds, record) = try connection.record(of: row, end: max(end, last))
    var step = Step()
    if isFresh { step.faults = kinds.map { Fault($0, .log(name)) } }
    isFresh = isFresh && repairs && last > end
    guard kinds != [.newer] else {
      // Only that version knows which messages its record speaks of.
      step.messages = position < range.upperBound ? try connection.count(position + 1...range.upperBound) : 0
      (check, position) = (nil, range.upperBound)
      return step
    }
    let rows =
      position < range.upperBound
      ? try connection.stored(
        position + 1, range.upperBound, Self.messagesTogether + LogCheck.lookahead) : []
    let page = LogCheck.Page(
      head: row.head ?? -1, isSealed: row.isSealed, end: end, isCertain: ending?.end != nil, record: record,
      messages: Array(rows.prefix(Self.messagesTogether)),
      following: rows.dropFirst(Self.messagesTogether).filter { $0.seq <= end }.map(\.time),
      isLast: rows.count <= Self.messagesTogether)
    try take(page, row, mendsRecord: !kinds.isEmpty, connection, &step)
    return step
  }

  /// Where the log ends: at its head, if the last message is the one that its head means and nothing speaks against that.
  private mutating func end(
    of row: StoredLog, _ last: Int, _ connection: Connection
  ) throws(StoreError) -> Int {
    let isDoubtful = ending != nil || !row.isSealed || row.head != last
    guard isDoubtful else { return last }
    var found = Ending(head: row.head, isSealed: row.isSealed, last: last, end: ending?.end)
    if let end = found.end, ending == found { return end }
    let end = try connection.end(of: row)
    found.end = end
    ending = found
    return end
  }

  /// Checks a page of the log, and says which rows have to change.
  private mutating func take(
    _ page: LogCheck.Page, _ row: StoredLog, mendsRecord: Bool, _ connection: Connection, _ step: inout Step
  ) throws(StoreError) {
    let filling = repairs ? Self.messagesTogether : nil
    guard let name = check?.name, let outcome = check?.take(page, judge, filling: filling) else { return }
    step.faults += outcome.faults
    step.messages = outcome.count
    if outcome.isDoubtful { ending = Ending(head: nil, isSealed: false, last: 0) }
    var (record, head, time, endsOtherwise) = (page.record, row.head, row.time, false)
    var expelled: [(position: Position, time: Timestamp?)] = []
    for change in outcome.changes {
      switch change {
      case .fill(let span, let time):
        guard repairs else { break }
        for seq in span.first...span.last {
          step.mends.append(.insert(Position(log: log, seq: seq), .placeholder(seq, at: time)))
          _ = record.retract(seq)
        }
      case .replace(let index, let message):
        let found = page.messages[index]
        // The head has the token of this message, which gets another one.
        if found.seq == row.head, !found.hasToken { endsOtherwise = true }
        step.mends.append(.replace(Position(log: log, seq: found.seq), message))
      case .move(let index, let seq):
        head = seq
        step.mends.append(
          .move(Position(log: log, seq: page.messages[index].seq), to: Position(log: log, seq: seq)))
      case .expel(let index):
        let message = page.messages[index]
        expelled.append((Position(log: log, seq: message.seq), message.time))
      case .head(let last): head = last
      }
    }
    if repairs { try collect(expelled, connection, &step) }
    if mendsRecord || record != page.record { step.mends.append(.record(log, record)) }
    if repairs, let next = check?.next {
      // What was filled in is not read again; what got another number is read there.
      position = Position(log: log, seq: next - 1).rawValue
    } else if outcome.count > 0 {
      position = Position(log: log, seq: page.messages[outcome.count - 1].seq).rawValue
    }
    if outcome.isDone {
      time = check?.time ?? row.time ?? 0
      if time != row.time, outcome.changes.isEmpty { step.faults.append(Fault(.headTime, .log(name))) }
      endsOtherwise = endsOtherwise || !row.isSealed
      if endsOtherwise, head == row.head, time == row.time, outcome.changes.isEmpty {
        step.faults.append(Fault(.headToken, .log(name)))
      }
      (check, position) = (nil, Position.range(of: log).upperBound)
    }
    if endsOtherwise || head != row.head || time != row.time {
      step.mends.append(.head(log, head ?? page.end, time ?? 0))
    }
  }
}

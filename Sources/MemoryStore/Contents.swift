import Inbox

/// All logs and marks. A value: a copy is a view that does not change.
struct Contents: StoreReader {
  /// Always 0: nobody else can change a store in memory.
  var past: Int { 0 }
  /// The time of the read or change that has this value; each begins by advancing it.
  var time = SteadyTime()
  var now: Timestamp { time.latest }
  var logs: [LogName: Log] = [:]
  var marks: [Inbox: Marks] = [:]

  struct Log {
    var messages: [Message] = []
    var record = LogRecord()
    var keys: [SenderKey: Key] = [:]
    var keysByNumber: [Int: Text] = [:]
    /// The numbers of the messages that have a field, ascending.
    var index: [MessageField: [Int]] = [:]
  }

  struct Key {
    var seq: Int
    var digest: [UInt8]
  }

  /// The receipt of the message that holds the draft's key; nil if there is none.
  func first(of draft: Draft, in name: LogName) throws -> Receipt? {
    guard let key = draft.senderKey, let log = logs[name], let held = log.keys[key] else { return nil }
    guard held.digest == draft.digest else { throw StoreError.conflict(name) }
    return Receipt(seq: held.seq, time: log.messages[held.seq - 1].time, duplicate: true)
  }

  mutating func append(_ draft: Draft, to name: LogName, at now: Timestamp) -> Receipt {
    let seq = (logs[name]?.messages.count ?? 0) + 1
    let time = max(now, logs[name]?.messages.last?.time ?? now)
    self.time.advance(to: time)
    add(
      Message(seq: seq, time: time, token: .random(in: 0 ... .max), body: draft.body), key: draft.senderKey,
      digest: draft.digest, to: name)
    return Receipt(seq: seq, time: time, duplicate: false)
  }

  /// Adds a log's next message.
  mutating func add(_ message: Message, key: SenderKey?, digest: [UInt8], to name: LogName) {
    logs[name, default: Log()].messages.append(message)
    if let key {
      logs[name]!.keys[key] = Key(seq: message.seq, digest: digest)
      logs[name]!.keysByNumber[message.seq] = key.key
    }
    for field in message.body.fields { logs[name]!.index[field, default: []].append(message.seq) }
  }

  /// Retracts an existing message in place: the log is not copied.
  mutating func retract(_ message: MessageName, _ record: LogRecord) {
    logs[message.log]?.record = record
    logs[message.log]?.messages[message.seq - 1].body.clear()
  }

  func states(of inboxes: [Inbox]) -> [InboxState] {
    inboxes.map { state(of: $0) }
  }

  func state(of inbox: Inbox) -> InboxState {
    let marks = marks[inbox] ?? Marks()
    return InboxState(
      inbox: inbox, marks: marks,
      shared: state(of: inbox.shared, for: inbox.user, after: marks.shared.folded),
      own: state(of: inbox.own, for: inbox.user, after: marks.own.folded))
  }

  private func state(of name: LogName, for user: Text, after folded: Int) -> LogState {
    guard let log = logs[name] else { return LogState() }
    let head = log.messages.count
    return LogState(
      head: head, record: log.record,
      sent: numbers(in: name, where: .sender(user), from: folded + 1, through: head))
  }

  func messages(in name: LogName, _ numbers: SequenceSet) -> [Message] {
    guard let log = logs[name] else { return [] }
    return numbers.intersection(1, through: log.messages.count).spans.flatMap {
      log.messages[($0.first - 1)..<$0.last]
    }
  }

  func times(in name: LogName, _ numbers: [Int]) -> [Timestamp] {
    numbers.map { logs[name]!.messages[$0 - 1].time }
  }

  func tokens(in name: LogName, _ numbers: [Int]) -> [UInt64] {
    numbers.map { logs[name]!.messages[$0 - 1].token }
  }

  func last(in name: LogName, notAfter time: Timestamp) -> Int {
    guard let messages = logs[name]?.messages else { return 0 }
    return partition(messages.count) { messages[$0].time <= time }
  }

  func numbers(
    in name: LogName, where field: MessageField, from first: Int, through last: Int
  ) -> SequenceSet {
    guard let numbers = logs[name]?.index[field] else { return SequenceSet() }
    let start = partition(numbers.count) { numbers[$0] < first }
    let end = partition(numbers.count) { numbers[$0] <= last }
    return start < end ? SequenceSet(numbers: numbers[start..<end]) : SequenceSet()
  }
}

/// The number of the first `count` indices that satisfy a condition, which holds up to some index and for
/// none after it.
private func partition(_ count: Int, _ holds: (Int) -> Bool) -> Int {
  var (low, high) = (0, count)
  while low < high {
    let middle = low + (high - low) / 2
    if holds(middle) { low = middle + 1 } else { high = middle }
  }
  return low
}

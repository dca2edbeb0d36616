/// What is to be restored in one log.
public struct LogRestore: Sendable {
  /// The log.
  public let log: LogName
  /// The messages, without a gap.
  private var entries: [LogEntry] = []
  private var tail = 1
  private var record: LogRecord?
  /// The approximate number of bytes that are written.
  var size = 256

  init(log: LogName) { self.log = log }

  /// Adds the next messages, once they are checked.
  mutating func add(_ entries: [LogEntry], tail: Int) throws(StoreError) {
    self.tail = max(tail, 1)
    self.entries.reserveCapacity(self.entries.count + entries.count)
    for entry in entries {
      let seq = entry.message.seq
      if let last = self.entries.last?.message {
        guard seq == last.seq + 1 else { throw unfit(.number(seq)) }
        guard entry.message.time >= last.time else { throw unfit(.time(seq)) }
      }
      do {
        try entry.check()
      } catch {
        throw unfit(.message(seq, error.description))
      }
      var entry = entry
      if entry.isRetracted { entry.message.body.clear() }
      if entry.message.token == 0 { entry.message.token = .random(in: 1 ... .max) }
      size += entry.size
      self.entries.append(entry)
    }
  }

  /// Sets the record, once it is checked.
  mutating func set(_ record: LogRecord) throws(StoreError) {
    do {
      try record.check()
    } catch {
      throw unfit(.record)
    }
    guard record.isInOrder else { throw unfit(.record) }
    size += try record.bytesToWrite().count
    self.record = record
  }

  private func unfit(_ reason: Unfit.Reason) -> StoreError { .unfit(Unfit(log, reason)) }

  /// The numbers of the messages among these that a log with this head has; nil if there are none.
  public func overlap(with state: LogState) -> ClosedRange<Int>? {
    guard let first = entries.first?.message.seq, let last = entries.last?.message.seq else { return nil }
    // One more before them, which shows whether the log begins where these do.
    let from = max(first - 1, state.record.tail)
    let to = min(last, state.head)
    return from <= to ? from...to : nil
  }

  /// Decides what is written to a log in this state, whose last message has this time. `held` returns the log's
  /// messages with these numbers, as far as it keeps them. Throws `unfit`.
  public func writes<Failure: Error>(
    to state: LogState, time: Timestamp?, held: (ClosedRange<Int>) throws(Failure) -> [LogEntry]
  ) throws -> LogWrites {
    var writes = LogWrites(log: log, head: state.head, time: time ?? .min)
    var record = state.record
    var first = entries.startIndex
    if state.head == 0 {
      record.tail = tail
    } else if let overlap = overlap(with: state) {
      let found = try held(overlap)
      try compare(found)
      // The tail was still to be set, or the log keeps more than was given.
      if overlap.lowerBound < tail, found.first?.message.seq == tail { record.tail = tail }
      first = entries.firstIndex { $0.message.seq > state.head } ?? entries.endIndex
    }
    writes.entries = entries[first...]
    try follow(&writes, at: state.head == 0 ? record.tail : state.head + 1)
    for entry in entries where entry.isRetracted && entry.message.seq >= record.tail {
      _ = record.retract(entry.message.seq)
    }
    if var given = self.record {
      guard given.retracted.isSuperset(of: record.retracted), given.tail <= record.tail else {
        throw unfit(.record)
      }
      given.tail = record.tail
      record = given
    }
    guard record != state.record else { return writes }
    do {
      try LogState(head: writes.head, record: record).check()
    } catch {
      throw unfit(.record)
    }
    writes.record = record
    writes.retracted = record.retracted.subtracting(state.record.retracted)
    return writes
  }

  /// Compares the messages with those that the log has.
  private func compare(_ held: [LogEntry]) throws(StoreError) {
    guard let start = entries.first?.message.seq else { return }
    for held in held where held.message.seq >= start {
      let entry = entries[held.message.seq - start]
      guard entry.isSame(as: held) else { throw unfit(.taken(held.message.seq)) }
    }
  }

  /// Checks that the new messages go on where the log ends.
  private func follow(_ writes: inout LogWrites, at next: Int) throws(StoreError) {
    guard let first = writes.entries.first?.message, let last = writes.entries.last?.message else { return }
    guard first.seq == next else { throw unfit(.number(first.seq)) }
    guard first.time >= writes.time else { throw unfit(.time(first.seq)) }
    var keys: Set<SenderKey> = []
    for entry in writes.entries {
      guard let key = entry.senderKey else { continue }
      guard keys.insert(key).inserted else { throw unfit(.key(entry.message.seq)) }
    }
    (writes.head, writes.time) = (last.seq, last.time)
  }
}

/// What restoring writes to one log.
public struct LogWrites: Sendable {
  /// The log.
  public let log: LogName
  /// The log's last number and its time afterwards.
  public internal(set) var head: Int
  /// The time of that message.
  public internal(set) var time: Timestamp
  /// The new messages.
  public internal(set) var entries: ArraySlice<LogEntry> = []
  /// The log's record; nil if it stays as it is.
  public internal(set) var record: LogRecord?
  /// The messages whose retraction is new: whatever is left of their bodies is to be cleared, also of those that are new
  /// themselves and of which only the record says it.
  public internal(set) var retracted = SequenceSet()
}

extension LogEntry {
  /// The key together with its sender.
  public var senderKey: SenderKey? { key.map { SenderKey(sender: message.body.sender, key: $0) } }

  /// The approximate number of bytes that the entry takes.
  public var size: Int { message.body.size + (key?.utf8Count ?? 0) + 256 }

  /// Checks an entry that is to be written.
  func check() throws(OutOfBounds) {
    try message.check()
    guard key.map({ StoreBounds.identifier.contains($0.utf8Count) }) ?? digest.isEmpty else {
      throw OutOfBounds("a message's key has no possible length, or there is a digest without one")
    }
    guard key == nil || digest.count == StoreBounds.digestLength else {
      throw OutOfBounds("a key's digest has not \(StoreBounds.digestLength) bytes")
    }
  }

  /// Whether both are the same message. Once it is retracted on one side, only what a retracted message keeps can be
  /// compared.
  func isSame(as other: LogEntry) -> Bool {
    let (a, b) = (message, other.message)
    let isCleared = isRetracted || other.isRetracted
    return a.seq == b.seq && a.time == b.time && key == other.key && digest == other.digest
      && (isCleared ? a.body.cleared == b.body.cleared : a.body == b.body)
  }
}

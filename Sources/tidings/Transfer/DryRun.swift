import Inbox

/// What a store would do with portions that are restored one after the other, without a write. A value.
struct DryRun: Sendable {
  /// The last numbers of logs that would have got messages, by fingerprints of their names.
  private var heads: [UInt64: Int] = [:]
  /// The log that got the last messages, as it would be.
  private var last: Log?
  /// The keys of the messages that it would have got, as numbers: there may be millions.
  private var keys: Set<Int> = []

  fileprivate struct Log {
    var name: LogName
    var state: LogState
    var time: Timestamp?
    /// Whether the store has messages of it.
    var isHeld: Bool
  }

  /// What a portion would change. Apart from the rest, of which there may be much.
  struct Change: Sendable {
    fileprivate(set) var counts = Restored.Counts()
    fileprivate var heads: [UInt64: Int] = [:]
    fileprivate var last: Log?
    fileprivate var keys: Set<Int> = []
  }

  /// Decides what a portion would change. Throws `unfit` as the store would.
  func change(_ items: [Restored], _ reader: any StoreReader) throws -> Change {
    let plan = try RestorePlan(items)
    var change = Change()
    var logs: [LogWrites] = []
    for restore in plan.logs {
      var log = try found(restore.log, reader)
      let writes = try restore.writes(to: log.state, time: log.time) { range in
        try reader.entries(in: restore.log, from: range.lowerBound, through: range.upperBound)
      }
      let keys = try newKeys(writes, of: log, reader)
      logs.append(writes)
      guard !writes.entries.isEmpty || writes.record != nil else { continue }
      log.state = LogState(head: writes.head, record: writes.record ?? log.state.record)
      log.time = writes.time
      (change.last, change.keys) = (log, keys)
      change.heads[log.name.fingerprint] = writes.head
    }
    let held = try reader.marks(of: plan.marks.map(\.inbox))
    var marks: [MarksRestore] = []
    for (restore, held) in zip(plan.marks, held) {
      func head(_ log: LogName) throws -> Int {
        try change.heads[log.fingerprint] ?? heads[log.fingerprint] ?? reader.logs([log])[0].head
      }
      let isNew = try restore.isNew(
        over: held, shared: try head(restore.inbox.shared), own: try head(restore.inbox.own))
      if isNew { marks.append(restore) }
    }
    change.counts = Restored.Counts(logs, marks)
    return change
  }

  /// Goes on from what a portion would have changed.
  mutating func apply(_ change: Change) {
    heads.merge(change.heads) { $1 }
    guard let log = change.last else { return }
    if log.name == last?.name { keys.formUnion(change.keys) } else { keys = change.keys }
    last = log
  }

  private func found(_ name: LogName, _ reader: any StoreReader) throws -> Log {
    if let last, last.name == name { return last }
    let state = try reader.logs([name])[0]
    let time = state.head > 0 ? try reader.times(in: name, [state.head])[0] : nil
    return Log(name: name, state: state, time: time, isHeld: state.head > 0)
  }

  /// The keys of new messages of a log; throws `unfit` for one that another message has.
  private func newKeys(_ writes: LogWrites, of log: Log, _ reader: any StoreReader) throws -> Set<Int> {
    let given = writes.entries.compactMap(\.senderKey)
    guard !given.isEmpty else { return [] }
    let held = log.isHeld ? try reader.held(given, in: log.name) : []
    let earlier = log.name == last?.name ? keys : []
    var new: Set<Int> = []
    for entry in writes.entries {
      guard let key = entry.senderKey else { continue }
      guard !held.contains(key), !earlier.contains(key.hashValue) else {
        throw StoreError.unfit(Unfit(log.name, .key(entry.message.seq)))
      }
      new.insert(key.hashValue)
    }
    return new
  }
}

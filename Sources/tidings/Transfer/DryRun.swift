import Inbox

/// What a store would do with portions that are restored one after the other, without a write. A key that another
/// message of the store holds is not noticed. A value.
struct DryRun: Sendable {
  /// The last numbers of logs that would have got messages, by fingerprints of their names.
  private var heads: [UInt64: Int] = [:]
  /// The log that got the last messages, as it would be.
  private var last: (name: LogName, state: LogState, time: Timestamp)?

  mutating func restore(_ items: [Restored], _ reader: any StoreReader) throws -> Restored.Counts {
    let plan = try RestorePlan(items)
    var logs: [LogWrites] = []
    for restore in plan.logs {
      let (state, time) = try found(restore.log, reader)
      let writes = try restore.writes(to: state, time: time) { range in
        try reader.entries(in: restore.log, from: range.lowerBound, limit: range.count)
      }
      if !writes.entries.isEmpty || writes.record != nil {
        heads[restore.log.fingerprint] = writes.head
        last = (restore.log, LogState(head: writes.head, record: writes.record ?? state.record), writes.time)
      }
      logs.append(writes)
    }
    let held = try reader.marks(of: plan.marks.map(\.inbox))
    var marks: [MarksRestore] = []
    for (restore, held) in zip(plan.marks, held) {
      func head(_ log: LogName) throws -> Int { try heads[log.fingerprint] ?? reader.logs([log])[0].head }
      let isNew = try restore.isNew(
        over: held, shared: try head(restore.inbox.shared), own: try head(restore.inbox.own))
      if isNew { marks.append(restore) }
    }
    return Restored.Counts(logs, marks)
  }

  private func found(_ log: LogName, _ reader: any StoreReader) throws -> (LogState, Timestamp?) {
    if let last, last.name == log { return (last.state, last.time) }
    let state = try reader.logs([log])[0]
    return (state, state.head > 0 ? try reader.times(in: log, [state.head])[0] : nil)
  }
}

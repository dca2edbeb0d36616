import Inbox

extension Connection {
  /// Decides what is restored.
  func restore(_ plan: RestorePlan) throws -> Decision<Restored.Counts> {
    begin()
    var logs: [(id: Int64?, writes: LogWrites)] = []
    logs.reserveCapacity(plan.logs.count)
    for restore in plan.logs { logs.append(try decide(restore)) }
    let heads = Dictionary(uniqueKeysWithValues: logs.map { ($0.writes.log, $0.writes.head) })
    let marks = try plan.marks.filter { restore in
      func head(_ log: LogName) throws(StoreError) -> Int {
        if let head = heads[log] { return head }
        return try self.log(log)?.head ?? 0
      }
      return try restore.isNew(
        over: try self.marks(of: restore.inbox), shared: try head(restore.inbox.shared),
        own: try head(restore.inbox.own))
    }
    try checkRoom(forLogs: logs.count { $0.id == nil })
    clock.note(logs.map(\.writes.time).max() ?? .min)
    return Decision(value: Restored.Counts(logs.map(\.writes), marks)) { connection throws(StoreError) in
      for (id, writes) in logs { try connection.write(writes, id: id) }
      for restore in marks { try connection.write(restore.marks, restore.bytes, of: restore.inbox) }
    }
  }

  private func decide(_ restore: LogRestore) throws -> (id: Int64?, writes: LogWrites) {
    let row = try log(restore.log)
    let writes = try restore.writes(to: row?.state ?? LogState(), time: row?.time) {
      try entries(in: restore.log, from: $0.lowerBound, limit: $0.count)
    }
    guard writes.head <= Position.maximumSeq else { throw StoreError.logFull }
    if let row {
      for entry in writes.entries {
        guard let key = entry.senderKey, try isHeld(key, in: row.id) else { continue }
        throw StoreError.unfit(Unfit(restore.log, .key(entry.message.seq)))
      }
    }
    return (row?.id, writes)
  }

  /// Whether a message of this log holds a key.
  func isHeld(_ key: SenderKey, in log: Int64) throws(StoreError) -> Bool {
    try with(.byKey) { statement throws(StoreError) in
      statement.bind(log, at: 1)
      statement.bind(key.key.string, at: 2)
      statement.bind(key.sender?.string ?? "", at: 3)
      return try statement.step()
    }
  }

  private func write(_ writes: LogWrites, id: Int64?) throws(StoreError) {
    var id = id
    if let last = writes.entries.last { id = try writeHead(last.message, of: writes.log, id: id) }
    // A log without messages has no row, and nothing to write.
    guard let id else { return }
    for entry in writes.entries {
      var message = entry.message
      if !entry.isRetracted, writes.retracted.contains(message.seq) { message.body.clear() }
      try write(message, to: id, key: entry.key, digest: entry.digest)
    }
    if let record = writes.record { try writeRecord(record.encoded, of: id) }
    let before = writes.entries.first?.message.seq ?? .max
    for seq in writes.retracted.numbers where seq < before { try clear(seq, of: id) }
  }
}

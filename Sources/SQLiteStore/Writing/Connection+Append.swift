import Inbox

extension Connection {
  /// Decides the append of a draft. Nothing is appended if one log holds the draft's key with another digest.
  func append(
    _ draft: Draft, to names: [LogName], _ progress: (@Sendable (Int) -> Void)?
  ) throws(StoreError) -> Decision<[Receipt]> {
    let now = clock.reading()
    var latest = now
    var receipts: [Receipt] = []
    var slots: [Slot] = []
    receipts.reserveCapacity(names.count)
    for name in names {
      let log = try log(name)
      if let log, let first = try first(of: draft, in: log, name) {
        latest = max(latest, first.time)
        receipts.append(first)
        continue
      }
      guard (log?.head ?? 0) < Position.maximumSeq else { throw .logFull }
      let receipt = Receipt(
        seq: (log?.head ?? 0) + 1, time: max(now, log?.time ?? now), duplicate: false)
      latest = max(latest, receipt.time)
      receipts.append(receipt)
      slots.append(Slot(name: name, log: log?.id, receipt: receipt))
    }
    clock.note(latest)
    guard !slots.isEmpty else { return Decision(value: receipts) }
    try checkRoom(forLogs: slots.count { $0.log == nil })
    return Decision(value: receipts) {
      [slots, before = receipts.count - slots.count] connection throws(StoreError) in
      for (index, slot) in slots.enumerated() {
        if index % 256 == 0 { progress?(before + index) }
        try connection.write(draft, slot)
      }
    }
  }

  /// Throws `conflict` if one of these logs holds the draft's key with another digest.
  func expectNoConflict(of draft: Draft, in names: [LogName]) throws(StoreError) {
    guard draft.key != nil else { return }
    for name in names {
      if let log = try log(name) { _ = try first(of: draft, in: log, name) }
    }
  }

  /// The place of a new message.
  private struct Slot {
    var name: LogName
    /// The id of the log; nil while the log does not exist.
    var log: Int64?
    var receipt: Receipt
  }

  /// The receipt of the message that holds the draft's key; nil if there is none.
  private func first(of draft: Draft, in log: LogRow, _ name: LogName) throws(StoreError) -> Receipt? {
    guard let key = draft.senderKey else { return nil }
    return try with(.byKey) { statement throws(StoreError) in
      statement.bind(log.id, at: 1)
      statement.bind(key.key.string, at: 2)
      statement.bind(key.sender?.string ?? "", at: 3)
      guard try statement.step() else { return nil }
      guard try statement.bytes(2) == draft.digest else { throw .conflict(name) }
      return Receipt(
        seq: Position(rawValue: try statement.integer(0)).seq, time: try statement.time(1),
        duplicate: true)
    }
  }

  func checkRoom(forLogs count: Int) throws(StoreError) {
    guard count > 0 else { return }
    guard try newestLog() + Int64(count) <= Position.maximumLog else { throw .tooManyLogs }
  }

  /// The largest id of a log; 0 if there is none.
  func newestLog() throws(StoreError) -> Int64 {
    try with(.newestLog) { statement throws(StoreError) in
      try statement.step() ? Int64(try statement.count(0, through: Int(Position.maximumLog))) : 0
    }
  }

  private func write(_ draft: Draft, _ slot: Slot) throws(StoreError) {
    let message = Message(
      seq: slot.receipt.seq, time: slot.receipt.time, token: .random(in: 0 ... .max), body: draft.body)
    let log = try writeHead(message, of: slot.name, id: slot.log)
    try write(message, to: log, key: draft.key, digest: draft.digest)
  }

  /// Writes with which message a log ends; `id` is nil if it does not exist yet. Returns its id.
  func writeHead(_ last: Message, of name: LogName, id: Int64?) throws(StoreError) -> Int64 {
    if let id {
      try run(.updateHead) { statement in
        statement.bind(id, at: 1)
        statement.bind(Int64(last.seq), at: 2)
        statement.bind(last.time, at: 3)
        statement.bind(Int64(bitPattern: last.token), at: 4)
      }
      return id
    }
    let id = try newestLog() + 1
    try run(.insertLog) { statement in
      statement.bind(id, at: 1)
      statement.bind(name.encoded, at: 2)
      statement.bind(Int64(last.seq), at: 3)
      statement.bind(last.time, at: 4)
      statement.bind(Int64(bitPattern: last.token), at: 5)
    }
    return id
  }

  /// Writes a message to the log with this id.
  func write(_ message: Message, to log: Int64, key: Text?, digest: [UInt8]) throws(StoreError) {
    try run(.insertMessage) { statement in
      statement.bind(Position(log: log, seq: message.seq).rawValue, at: 1)
      statement.bind(message.time, at: 2)
      statement.bind(message.body)
      statement.bind(key?.string, at: 10)
      statement.bind(key == nil ? nil : digest, at: 11)
      statement.bind(Int64(bitPattern: message.token), at: 12)
    }
  }
}

extension PreparedStatement {
  /// Binds the fields of a message, the third parameter to the ninth.
  func bind(_ body: MessageBody) {
    bind(body.sender?.string, at: 3)
    bind(body.username, at: 4)
    bind(body.teamName, at: 5)
    bind(body.receiver?.string, at: 6)
    bind(body.type.string, at: 7)
    bind(body.content, at: 8)
    bind(body.data, at: 9)
  }
}

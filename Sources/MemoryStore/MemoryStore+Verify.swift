import Inbox

extension MemoryStore: ExaminedStore {
  /// See `ExaminedStore.checkup`.
  public func checkup(_ judge: MessageJudge) async throws -> [Finding] {
    [.fact("store", "in memory: gone when the program ends")]
  }

  /// See `ExaminedStore.verify`. Nobody else can change what is in memory, so there is nothing to repair.
  public func verify(_ verification: Verification) async throws -> Verdict {
    var verdict = try await read { reader in
      var verdict = Verdict(named: verification.named)
      try Self.verifyLogs(reader, verification, &verdict)
      try Self.verifyMarks(reader, &verdict)
      return verdict
    }
    try await recount(verification, &verdict)
    return verdict
  }

  private static func verifyLogs(
    _ reader: any StoreReader, _ verification: Verification, _ verdict: inout Verdict
  ) throws {
    var last: LogName?
    while let name = try reader.logs(after: last, limit: 1).first {
      last = name
      let log = try reader.logs([name])[0]
      let (kinds, record) = LogRecord.examined(log.record.encoded, first: log.record.tail, head: log.head)
      let entries = try reader.entries(in: name, from: 1, limit: .max)
      var check = LogCheck(name)
      let page = LogCheck.Page(
        head: log.head, end: log.head, isCertain: true, record: record,
        messages: entries.map { StoredMessage($0) }, isLast: true)
      for fault in kinds.map({ Fault($0, .log(name)) }) + check.take(page, verification.judge).faults {
        verdict.faults.add(fault)
      }
      verdict.logs += 1
      verdict.messages += entries.count
    }
  }

  private static func verifyMarks(_ reader: any StoreReader, _ verdict: inout Verdict) throws {
    var last: Inbox?
    while let inbox = try reader.inboxes(after: last, limit: 1).first {
      last = inbox
      let state = try reader.state(of: inbox)
      let marks = state.marks
      let (kinds, _) = Marks.examined(
        StoredMarks(version: marks.version, stamp: marks.stamp, body: marks.encoded),
        shared: state.shared.head,
        own: state.own.head)
      for kind in kinds { verdict.faults.add(Fault(kind, .inbox(inbox))) }
      verdict.inboxes += 1
    }
  }
}

extension StoredMessage {
  fileprivate init(_ entry: LogEntry) {
    let message = entry.message
    self.init(
      seq: message.seq, time: message.time, body: message.body, key: entry.key,
      digest: entry.key == nil && entry.digest.isEmpty ? nil : entry.digest)
  }
}

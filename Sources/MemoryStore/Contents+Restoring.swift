import Inbox

extension Contents {
  /// Decides what is written to a log.
  func decide(_ restore: LogRestore) throws -> LogWrites {
    let log = logs[restore.log]
    let writes = try restore.writes(to: logs([restore.log])[0], time: log?.messages.last?.time) {
      entries(in: restore.log, from: $0.lowerBound, limit: $0.count)
    }
    if let log {
      for entry in writes.entries where entry.senderKey.map({ log.keys[$0] != nil }) ?? false {
        throw StoreError.unfit(Unfit(restore.log, .key(entry.message.seq)))
      }
    }
    return writes
  }

  /// Writes what was decided.
  mutating func restore(_ writes: LogWrites) {
    guard writes.head > 0 else { return }
    if let record = writes.record { logs[writes.log, default: Log()].record = record }
    for entry in writes.entries {
      // What retention has removed takes a place all the same.
      while logs[writes.log, default: Log()].messages.count < entry.message.seq - 1 {
        let seq = logs[writes.log, default: Log()].messages.count + 1
        logs[writes.log, default: Log()].messages.append(
          Message(seq: seq, time: entry.message.time, body: MessageBody(type: "removed")))
      }
      add(entry.message, key: entry.senderKey, digest: entry.digest, to: writes.log)
    }
    for seq in writes.retracted.numbers where logs[writes.log]?.messages.indices.contains(seq - 1) ?? false {
      logs[writes.log]?.messages[seq - 1].body.clear()
    }
    time.advance(to: writes.time)
  }
}

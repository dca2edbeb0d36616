/// Messages of one log with the times that they had elsewhere, in the order of these times; each has a key.
public struct Backdating: Sendable {
  /// The reason why a message can't be added; the index is that of the message.
  public enum Refusal: Error, Hashable {
    /// Its time has not come yet, by more than clocks differ.
    case future(Int)
    /// The log holds its key with other content, or with another time.
    case conflict(Int)
    /// The log has later messages.
    case late(Int)
  }

  /// The messages and their times, which do not decrease.
  public var drafts: [(draft: Draft, time: Timestamp)]

  /// Creates a change.
  public init(_ drafts: [(draft: Draft, time: Timestamp)]) { self.drafts = drafts }

  /// How many milliseconds another clock may be ahead of the store's.
  private static let clocksDiffer: Timestamp = 60_000
  private static let readTogether = 256

  /// Decides where the messages go: a receipt for each, and those that are new, which follow the log's last one. Throws
  /// a `Refusal`.
  public func decide(_ log: LogName, _ reader: any StoreReader) throws -> (
    receipts: [Receipt], new: [LogEntry]
  ) {
    let now = try reader.now
    if let index = drafts.firstIndex(where: { $0.time > now + Self.clocksDiffer }) {
      throw Refusal.future(index)
    }
    let head = try reader.logs([log])[0].head
    var last = head > 0 ? try reader.times(in: log, [head])[0] : Timestamp.min
    let held = try heldKeys(log, reader)
    var receipts: [Receipt] = []
    var new: [LogEntry] = []
    for (index, (draft, time)) in drafts.enumerated() {
      if let entry = draft.senderKey.flatMap({ held[$0] }) {
        guard entry.digest == draft.digest, entry.message.time == time else { throw Refusal.conflict(index) }
        receipts.append(Receipt(seq: entry.message.seq, time: time, duplicate: true))
        continue
      }
      guard time >= last else { throw Refusal.late(index) }
      last = time
      let seq = head + new.count + 1
      new.append(
        LogEntry(
          Message(seq: seq, time: time, body: draft.body), isRetracted: false, key: draft.key,
          digest: draft.digest))
      receipts.append(Receipt(seq: seq, time: time, duplicate: false))
    }
    return (receipts, new)
  }

  /// Those of the messages that the log has, as far as they have one of these times.
  private func heldKeys(_ log: LogName, _ reader: any StoreReader) throws -> [SenderKey: LogEntry] {
    guard let first = drafts.first?.time, let last = drafts.last?.time else { return [:] }
    var next = try reader.last(in: log, notAfter: first - 1) + 1
    let end = try reader.last(in: log, notAfter: last)
    guard next <= end else { return [:] }
    // Any number of messages may have the same time: they are read until all that are held were found.
    let keys = try reader.held(drafts.compactMap(\.draft.senderKey), in: log)
    var held: [SenderKey: LogEntry] = [:]
    while held.count < keys.count, next <= end {
      let page = try reader.entries(in: log, from: next, limit: min(end - next + 1, Self.readTogether))
      guard let seq = page.last?.message.seq else { break }
      for entry in page { if let key = entry.senderKey, keys.contains(key) { held[key] = entry } }
      next = seq + 1
    }
    return held
  }
}

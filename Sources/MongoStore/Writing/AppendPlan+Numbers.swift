import Inbox
import Mongo

// Numbers.
extension AppendPlan {
  /// Whether every message is settled.
  var isSettled: Bool { items.allSatisfy(\.isSettled) }

  /// The logs that have unplaced messages and no known head.
  var logsWithoutHead: [LogName] {
    byLog.compactMap { log, indices in
      heads[log] == nil && indices.contains { items[$0].isUnplaced } ? log : nil
    }
  }

  /// Gives numbers to the unplaced messages of every log with a known head.
  mutating func place(at now: Timestamp) {
    for (log, indices) in byLog {
      guard var head = heads[log] else { continue }
      for index in indices where items[index].isUnplaced {
        guard head.seq < StoreBounds.largestNumber else {
          items[index].state = .failed(
            .limitReached("a log of more than \(StoreBounds.largestNumber) messages"))
          continue
        }
        items[index].previous = head.token
        head = Head(seq: head.seq + 1, time: max(now, head.time), token: items[index].token.id)
        items[index].state = .placed(head)
      }
      heads[log] = head
    }
  }

  /// The placed messages to be sent in the next command, in the order of their numbers within each log.
  func nextChunk() -> [Int] {
    var chunk: [Int] = []
    var size = 0
    for index in items.indices {
      guard case .placed = items[index].state else { continue }
      chunk.append(index)
      size += calls[items[index].call].draft.storedSize
      if chunk.count >= Self.messagesTogether || size >= Self.bytesTogether { break }
    }
    return chunk
  }

  func document(_ index: Int) throws(StoreError) -> BSONDocument {
    let item = items[index]
    guard case .placed(let head) = item.state else { preconditionFailure("a chunk holds placed messages") }
    return try MessageDocument.make(
      calls[item.call].draft, log: item.log, seq: head.seq, time: head.time, token: item.token)
  }

  /// The range from the first to the last number of a log's placed messages.
  func placedRange(of log: LogName) -> ClosedRange<Int>? {
    let seqs = (byLog[log] ?? []).compactMap { index -> Int? in
      if case .placed(let head) = items[index].state { head.seq } else { nil }
    }
    guard let first = seqs.min(), let last = seqs.max() else { return nil }
    return first...last
  }

  /// Notes that these messages are written, for good.
  mutating func written(_ indices: some Sequence<Int>) {
    for index in indices {
      guard case .placed(let head) = items[index].state else { continue }
      items[index].state = .done(Receipt(seq: head.seq, time: head.time, duplicate: false))
    }
  }

  /// Settles a log's placed messages by the tokens that a majority has at their numbers. The message's own
  /// token: it is written. Another token: the rest of the log needs other numbers, and none of it can surface
  /// any more, since an ordered write stops there. No token: nothing is settled, and the same message is sent
  /// again with the same number. Returns true if another token was found.
  mutating func settle(_ log: LogName, _ tokens: [Int: BSONObjectID]) -> Bool {
    for index in byLog[log] ?? [] {
      guard case .placed(let head) = items[index].state else { continue }
      guard let token = tokens[head.seq] else { return false }
      guard token == items[index].token.id else {
        unplace(log)
        return true
      }
      written(CollectionOfOne(index))
    }
    return false
  }

  /// Notes that this message can't be written.
  mutating func refuse(_ index: Int, _ error: StoreError) {
    items[index].state = .failed(error)
    unplace(items[index].log)
  }

  /// Makes the placed messages of a log unplaced: they need other numbers, after a head that is read again.
  mutating func unplace(_ log: LogName) {
    heads[log] = nil
    for index in byLog[log] ?? [] {
      guard case .placed = items[index].state else { continue }
      items[index].state = .unplaced
      items[index].maySurface = false
    }
  }

  /// Gives up the unsettled messages.
  mutating func giveUp(_ error: StoreError) {
    for index in items.indices where !items[index].isSettled {
      items[index].state = .failed(items[index].maySurface ? .notConfirmed : error)
    }
  }
}

import Inbox
import Mongo

/// The plan of a group of appends: which message gets which number, and which messages are known to be
/// written. A value: the code that carries it out reports the server's answers to it.
struct AppendPlan {
  /// A sender's key in a log.
  struct KeyPlace: Hashable {
    var log: LogName
    var key: SenderKey
  }

  /// Keys of one sender that are looked for in one log.
  struct KeySearch: Hashable {
    var log: LogName
    var sender: Text?
  }

  /// One message in one log.
  private struct Item {
    var call: Int
    var log: LogName
    var token: Token
    var state = State.unplaced
    /// The token of the message that it was put behind.
    var previous: BSONObjectID?
    /// Whether an attempt to write it has an unknown outcome: it may be there, or come.
    var maySurface = false

    /// Whether the message was newly written rather than found.
    var isNew: Bool { if case .done(let receipt) = state { !receipt.duplicate } else { false } }
  }

  private enum State {
    case unplaced
    case placed(Head)
    case done(Receipt)
    case failed(StoreError)

    var isSettled: Bool {
      switch self {
      case .unplaced, .placed: false
      case .done, .failed: true
      }
    }
  }

  /// The result for one log of a call.
  private enum Part {
    case receipt(Receipt)
    case item(Int)
    /// The message has the same key as an earlier one in this group.
    case sameAs(Int)
  }

  private let calls: [Append]
  private var parts: [[Part]] = []
  private var conflicts: [Int: LogName] = [:]
  private var items: [Item] = []
  private var byLog: [LogName: [Int]] = [:]
  /// The last number of each log after which messages may be placed.
  private(set) var heads: [LogName: Head] = [:]

  init(_ calls: [Append]) {
    self.calls = calls
  }
}

// Keys, before anything is numbered.
extension AppendPlan {
  /// Whether any call has a key.
  var hasKeys: Bool { calls.contains { $0.draft.key != nil } }

  /// The keys to be looked for: one key in many logs, or many keys of one sender in one log.
  var keys: (wide: [(key: SenderKey, logs: [LogName])], deep: [KeySearch: [Text]]) {
    var wide: [(key: SenderKey, logs: [LogName])] = []
    var deep: [KeySearch: [Text]] = [:]
    for call in calls {
      guard let key = call.draft.senderKey else { continue }
      if call.logs.count == 1 {
        deep[KeySearch(log: call.logs[0], sender: key.sender), default: []].append(key.key)
      } else {
        wide.append((key, call.logs))
      }
    }
    return (wide, deep)
  }

  /// Creates the messages that have to be written, now that the holders of the keys are known. A call with a
  /// conflict in one of its logs creates none.
  mutating func begin(_ holders: [KeyPlace: Holder], at now: Timestamp) {
    var claims: [KeyPlace: (item: Int, digest: [UInt8])] = [:]
    for (index, call) in calls.enumerated() {
      var mine: [Part?] = []
      for log in call.logs {
        guard let key = call.draft.senderKey else {
          mine.append(nil)
          continue
        }
        let place = KeyPlace(log: log, key: key)
        if let holder = holders[place] {
          if holder.digest != call.draft.digest { conflicts[index] = conflicts[index] ?? log }
          mine.append(.receipt(holder.receipt))
        } else if let claim = claims[place] {
          if claim.digest != call.draft.digest { conflicts[index] = conflicts[index] ?? log }
          mine.append(.sameAs(claim.item))
        } else {
          mine.append(nil)
        }
      }
      guard conflicts[index] == nil else {
        parts.append([])
        continue
      }
      parts.append(
        zip(mine, call.logs).map { part, log in
          if let part { return part }
          if let key = call.draft.senderKey {
            claims[KeyPlace(log: log, key: key)] = (items.count, call.draft.digest)
          }
          byLog[log, default: []].append(items.count)
          items.append(Item(call: index, log: log, token: .random(at: now)))
          return .item(items.count - 1)
        })
    }
  }
}

// Numbers.
extension AppendPlan {
  /// Whether every message is settled.
  var isSettled: Bool { items.allSatisfy(\.state.isSettled) }

  /// Whether an unsettled message may surface.
  var maySurface: Bool { items.contains { $0.maySurface && !$0.state.isSettled } }

  /// The logs that have unplaced messages and no known head.
  var logsWithoutHead: [LogName] {
    byLog.compactMap { log, indices in
      heads[log] == nil && indices.contains { isUnplaced($0) } ? log : nil
    }
  }

  private func isUnplaced(_ index: Int) -> Bool {
    if case .unplaced = items[index].state { true } else { false }
  }

  /// Sets the last number of a log, as a majority has it.
  mutating func setHead(_ head: Head, of log: LogName) { heads[log] = head }

  /// Gives numbers to the unplaced messages of every log with a known head.
  mutating func place(at now: Timestamp) {
    for (log, indices) in byLog {
      guard var head = heads[log] else { continue }
      for index in indices where isUnplaced(index) {
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
  func nextChunk(count: Int, bytes: Int) -> [Int] {
    var chunk: [Int] = []
    var size = 0
    for index in items.indices {
      guard case .placed = items[index].state else { continue }
      chunk.append(index)
      size += calls[items[index].call].draft.storedSize
      if chunk.count >= count || size >= bytes { break }
    }
    return chunk
  }

  func document(_ index: Int) throws(StoreError) -> BSONDocument {
    let item = items[index]
    guard case .placed(let head) = item.state else { preconditionFailure("a chunk holds placed messages") }
    return try MessageDocument.make(
      calls[item.call].draft, log: item.log, seq: head.seq, time: head.time, token: item.token)
  }

  /// The log of a message.
  func log(of index: Int) -> LogName { items[index].log }

  /// The key of a message, if it has one.
  func keyPlace(of index: Int) -> KeyPlace? {
    calls[items[index].call].draft.senderKey.map { KeyPlace(log: items[index].log, key: $0) }
  }

  /// The range from the first to the last number of a log's placed messages.
  func placedRange(of log: LogName) -> ClosedRange<Int>? {
    let seqs = (byLog[log] ?? []).compactMap { index -> Int? in
      if case .placed(let head) = items[index].state { head.seq } else { nil }
    }
    guard let first = seqs.min(), let last = seqs.max() else { return nil }
    return first...last
  }
}

// The server's answers.
extension AppendPlan {
  /// Notes that these messages are written, for good.
  mutating func written(_ indices: some Sequence<Int>) {
    for index in indices {
      guard case .placed(let head) = items[index].state else { continue }
      items[index].state = .done(Receipt(seq: head.seq, time: head.time, duplicate: false))
    }
  }

  /// Notes that the outcome of these messages is unknown.
  mutating func unknown(_ indices: some Sequence<Int>) {
    for index in indices { items[index].maySurface = true }
  }

  /// Settles a log's placed messages by the tokens that a majority has at their numbers. The message's own
  /// token: it is written. Another token: the rest of the log needs other numbers, and none of it can surface
  /// any more, since an ordered write stops there. No token: nothing is settled, and the same message is sent
  /// again with the same number. Returns true if another token was found.
  mutating func settle(_ log: LogName, _ slots: [Int: BSONObjectID]) -> Bool {
    for index in byLog[log] ?? [] {
      guard case .placed(let head) = items[index].state else { continue }
      guard let token = slots[head.seq] else { return false }
      if token == items[index].token.id {
        items[index].state = .done(Receipt(seq: head.seq, time: head.time, duplicate: false))
      } else {
        unplace(log)
        return true
      }
    }
    return false
  }

  /// Notes that another message holds this one's key, for good.
  mutating func held(_ index: Int, by holder: Holder) {
    if holder.digest == calls[items[index].call].draft.digest {
      items[index].state = .done(holder.receipt)
    } else {
      items[index].state = .failed(.conflict(items[index].log))
    }
    unplace(items[index].log)
  }

  /// Notes that other messages hold these keys, for good; the server has refused one message because of that.
  /// Any other message that may surface is first looked for at its number.
  mutating func held(by holders: [KeyPlace: Holder], refused: Int) {
    for index in items.indices where !items[index].state.isSettled {
      guard index == refused || !items[index].maySurface else { continue }
      if let place = keyPlace(of: index), let holder = holders[place] { held(index, by: holder) }
    }
  }

  /// Notes that the server refuses this message.
  mutating func refused(_ index: Int, _ error: StoreError) {
    items[index].state = .failed(error)
    unplace(items[index].log)
  }

  /// Makes the placed messages of a log unplaced: they need other numbers, after a head that is read again.
  private mutating func unplace(_ log: LogName) {
    heads[log] = nil
    for index in byLog[log] ?? [] {
      guard case .placed = items[index].state else { continue }
      items[index].state = .unplaced
      items[index].maySurface = false
    }
  }

  /// Gives up the unsettled messages.
  mutating func giveUp(_ error: StoreError) {
    for index in items.indices where !items[index].state.isSettled {
      items[index].state = .failed(items[index].maySurface ? .notConfirmed : error)
    }
  }

  /// The logs whose messages were all written, with their last numbers, which may be remembered.
  var cleanHeads: [LogName: Head] {
    heads.filter { log, head in
      (byLog[log] ?? []).allSatisfy { index in
        if case .done = items[index].state { true } else { false }
      }
    }
  }

  /// Whether any message was written.
  var hasNew: Bool { items.contains { $0.isNew } }

  /// The messages that were written, by log.
  var newMessages: [LogName: [(seq: Int, token: Token)]] {
    var messages: [LogName: [(seq: Int, token: Token)]] = [:]
    for item in items {
      guard case .done(let receipt) = item.state, item.isNew else { continue }
      messages[item.log, default: []].append((receipt.seq, item.token))
    }
    return messages
  }

  /// The tokens of what others wrote, and what was written here stands right behind.
  var tokensBefore: [BSONObjectID] {
    let new = items.filter(\.isNew)
    let mine = Set(new.map(\.token.id))
    return new.compactMap(\.previous).filter { !mine.contains($0) }
  }

  /// What was written can't be acknowledged: the database is not what it was.
  mutating func unconfirm() {
    for index in items.indices where items[index].isNew { items[index].state = .failed(.notConfirmedHere) }
  }

  /// Tells the calls that follow their progress how many of their logs have the message.
  func tellProgress() {
    for (index, call) in calls.enumerated() {
      guard let progress = call.progress else { continue }
      progress(
        parts[index].count { part in
          switch part {
          case .receipt: true
          case .item(let item), .sameAs(let item):
            if case .done = items[item].state { true } else { false }
          }
        })
    }
  }

  /// The same failure for every call: nothing was begun.
  func allFailed(_ error: StoreError) -> [Result<[Receipt], StoreError>] {
    calls.map { _ in .failure(error) }
  }

  /// The result of each call.
  func results() -> [Result<[Receipt], StoreError>] {
    calls.indices.map { call in
      if let log = conflicts[call] { return .failure(.conflict(log)) }
      return result(of: call)
    }
  }

  private func result(of call: Int) -> Result<[Receipt], StoreError> {
    var receipts: [Receipt?] = []
    var failure: StoreError?
    var isTouched = false
    for part in parts[call] {
      var receipt: Receipt?
      switch part {
      case .receipt(let known): receipt = known
      case .item(let index), .sameAs(let index):
        switch items[index].state {
        case .done(let done):
          receipt = done
          if case .sameAs = part { receipt?.duplicate = true } else { isTouched = true }
        case .failed(let error): failure = failure ?? error
        case .unplaced, .placed: failure = failure ?? .notConfirmed
        }
      }
      receipts.append(receipt)
    }
    guard let failure else { return .success(receipts.compactMap(\.self)) }
    // A part of the call is written: repeating the call completes it.
    return .failure(isTouched ? .interrupted(failure, receipts) : failure)
  }
}

import Inbox
import Mongo

// Results.
extension AppendPlan {
  /// The logs whose messages were all written, with their last messages, which may be remembered.
  var cleanHeads: [LogName: Head] {
    heads.filter { log, _ in (byLog[log] ?? []).allSatisfy { items[$0].isDone } }
  }

  /// The messages behind which the first new messages of logs stand.
  var placesBefore: [LogName: BSONObjectID] {
    var first: [LogName: (seq: Int, previous: BSONObjectID?)] = [:]
    for item in items {
      guard case .done(let receipt) = item.state, item.isNew else { continue }
      if receipt.seq < first[item.log]?.seq ?? .max { first[item.log] = (receipt.seq, item.previous) }
    }
    return first.compactMapValues(\.previous)
  }

  /// The messages that were written, by log.
  var newMessages: [LogName: [Written]] {
    var messages: [LogName: [Written]] = [:]
    for item in items {
      guard case .done(let receipt) = item.state, item.isNew else { continue }
      messages[item.log, default: []].append(Written(seq: receipt.seq, token: item.token))
    }
    return messages
  }

  /// The tokens of what was not written, or may not have been.
  var notWritten: [Token] { items.filter { !$0.isNew }.map(\.token) }

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
    for (call, parts) in zip(calls, parts) {
      call.progress?(
        parts.count { part in
          switch part {
          case .receipt: true
          case .item(let item), .sameAs(let item): items[item].isDone
          }
        })
    }
  }

  /// The result of each call.
  var results: [Result<[Receipt], StoreError>] {
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

import Inbox

// Keys, and what is numbered.
extension AppendPlan {
  /// Keys that are looked for.
  struct Keys: Equatable {
    /// One key in many logs.
    struct Wide: Equatable {
      var key: SenderKey
      var logs: [LogName]
    }

    /// A sender's keys in one log.
    struct Deep: Hashable {
      var log: LogName
      var sender: Text?
    }

    var wide: [Wide] = []
    var deep: [Deep: [Text]] = [:]

    var isEmpty: Bool { wide.isEmpty && deep.isEmpty }
  }

  /// The keys of the calls.
  var keys: Keys {
    var keys = Keys()
    for call in calls {
      guard let key = call.draft.senderKey else { continue }
      if call.logs.count == 1 {
        keys.deep[Keys.Deep(log: call.logs[0], sender: key.sender), default: []].append(key.key)
      } else {
        keys.wide.append(Keys.Wide(key: key, logs: call.logs))
      }
    }
    return keys
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

  /// The key of a message, if it has one.
  func keyPlace(of index: Int) -> KeyPlace? {
    calls[items[index].call].draft.senderKey.map { KeyPlace(log: items[index].log, key: $0) }
  }

  /// Notes that other messages hold these keys, for good; the server has refused one message because of that.
  /// Any other message that may surface is first looked for at its number.
  mutating func held(by holders: [KeyPlace: Holder], refused: Int) {
    for index in items.indices where !items[index].isSettled {
      guard index == refused || !items[index].maySurface,
        let holder = keyPlace(of: index).flatMap({ holders[$0] })
      else { continue }
      items[index].state =
        holder.digest == calls[items[index].call].draft.digest
        ? .done(holder.receipt) : .failed(.conflict(items[index].log))
      unplace(items[index].log)
    }
  }
}

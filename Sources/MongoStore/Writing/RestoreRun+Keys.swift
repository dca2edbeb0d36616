import Inbox

extension RestoreRun {
  /// The most keys that are looked up before anything is written. Of more, as only the import of an export has them, the
  /// index refuses the first one that is held, and the messages before it are there.
  private static let keysLookedUp = 1_000

  /// Refuses a key that a message of its log holds, so that a call that is refused has written nothing.
  func checkKeys(of logs: [LogWrites]) throws {
    var places: [(log: LogName, key: SenderKey)] = []
    for writes in logs {
      for entry in writes.entries { if let key = entry.senderKey { places.append((writes.log, key)) } }
      guard places.count <= Self.keysLookedUp else { return }
    }
    var held: [AppendPlan.KeyPlace: Int] = [:]
    for start in stride(from: 0, to: places.count, by: 100) {
      let some = Array(places[start..<min(start + 100, places.count)])
      for document in try passing({ () throws(StoreError) in try Query.holders(some).all(session) }) {
        let holder = try Holder(document)
        held[AppendPlan.KeyPlace(log: holder.log, key: holder.key)] = holder.receipt.seq
      }
    }
    guard !held.isEmpty else { return }
    for writes in logs {
      for entry in writes.entries {
        guard let key = entry.senderKey, let seq = held[.init(log: writes.log, key: key)] else { continue }
        // At its own number it is the message itself, of an attempt whose outcome was not known.
        guard seq != entry.message.seq else { continue }
        throw StoreError.unfit(Unfit(writes.log, .key(entry.message.seq)))
      }
    }
  }
}

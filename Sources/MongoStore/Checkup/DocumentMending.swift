import Inbox
import Mongo

/// Changes documents of one log to what they should be. The record comes first: a number that it says to be retracted is
/// nobody's message, whether or not there is one.
struct DocumentMending {
  let name: LogName
  let session: MongoSession
  /// The documents of the page, in its order.
  let documents: [StoredDocument]
  /// Makes the changes; false if the record was changed by somebody else meanwhile: then nothing was done.
  func make(_ changes: [LogCheck.Change], _ record: LogRecord, _ stored: StoredRecord?) throws -> Bool {
    var changed = record
    for change in changes {
      switch change {
      case .fill(let span, _): for seq in span.first...span.last { _ = changed.retract(seq) }
      case .replace(_, let message): if message.isCleared == true { _ = changed.retract(message.seq) }
      case .move, .expel, .head: break
      }
    }
    if changed != record {
      guard try write(changed, over: stored) else { return false }
    }
    for change in changes {
      switch change {
      case .fill(let span, let time): try fill(span, time)
      case .replace(let index, let message): try replace(documents[index], message)
      case .move(let index, let seq): try move(documents[index], to: seq)
      // Nothing here tells that a message is another log's, and the last message is the head.
      case .expel, .head: break
      }
    }
    return true
  }

  private func write(_ record: LogRecord, over stored: StoredRecord?) throws -> Bool {
    let bytes = try record.bytesToWrite()
    guard let stored else {
      let new = RecordDocument(name: name, version: 1, token: .random(at: 0), body: bytes)
      let result = session.bulk(Collection.logs.rawValue, [new.write(to: .logs, over: 0)])
      if result.writeErrors.contains(where: \.isDuplicateKey) { return false }
      return try result.get().upserted == 1
    }
    let write = stored.replaced(by: bytes, field: "record", version: (stored.version ?? 0) + 1)
    return try session.bulk(Collection.logs.rawValue, [write]).get().matched == 1
  }

  private func fill(_ span: SequenceSet.Span, _ time: Timestamp) throws {
    let documents = (span.first...span.last).map { seq in
      var message = StoredMessage.placeholder(seq, at: time)
      message.isCleared = true
      return message.document(in: name, .random(at: time))
    }
    let result = session.insertMany(Collection.messages.rawValue, documents, ordered: false)
    // A number that somebody else has filled meanwhile is no hole any more.
    guard result.writeErrors.allSatisfy(\.isDuplicateKey), result.failure == nil else {
      return try result.get().ignore()
    }
  }

  private func replace(_ document: StoredDocument, _ message: StoredMessage) throws {
    let place: BSONDocument = ["log": .binary(name.encoded), "seq": .int64(Int64(message.seq))]
    if document.message.hasToken {
      try session.updateOne(
        Collection.messages.rawValue, filter: place, update: message.update(removing: document.unknown)
      ).get()
      return
    }
    // A token can't be changed: another document takes the place of this one. Until then this one has no number, and if
    // the process ends here, the next repair finds it.
    let mark = "replaced \(message.seq)"
    try session.updateOne(
      Collection.messages.rawValue, filter: place,
      update: ["$set": ["seq": .string(mark)], "$unset": ["key": "", "digest": ""]]
    ).get()
    try session.insertMany(
      Collection.messages.rawValue, [message.document(in: name, .random(at: message.time ?? 0))]
    ).get()
    try session.bulk(
      Collection.messages.rawValue,
      [.deleteOne(filter: ["log": .binary(name.encoded), "seq": .string(mark)])]
    ).get()
  }

  private func move(_ document: StoredDocument, to seq: Int) throws {
    guard let id = document.id else { return }
    try session.move(id, to: name, from: seq)
  }
}

extension MongoSession {
  /// Gives a message the next number of a log that is free, from `seq` on; returns that.
  @discardableResult
  func move(_ id: BSONValue, to log: LogName, from seq: Int) throws -> Int {
    var seq = seq
    var unset: BSONDocument = [:]
    while true {
      // The log's times are put in order once the message has its place.
      let set: BSONDocument = ["log": .binary(log.encoded), "seq": .int64(Int64(seq))]
      let result = updateOne(
        Collection.messages.rawValue, filter: ["_id": id],
        update: unset.isEmpty
          ? ["$set": .document(set)] : ["$set": .document(set), "$unset": .document(unset)])
      guard result.writeErrors.contains(where: \.isDuplicateKey) else {
        try result.get()
        return seq
      }
      // If nobody else has the number, the log has the key.
      let place: BSONDocument = ["log": .binary(log.encoded), "seq": .int64(Int64(seq))]
      if try countDocuments(place) > 0 { seq += 1 } else { unset = ["key": "", "digest": ""] }
    }
  }
}

extension MongoWriteResult {
  fileprivate func ignore() {}
}

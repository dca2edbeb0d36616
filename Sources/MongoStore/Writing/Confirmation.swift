import Inbox
import Mongo
import Runtime

/// What is done about messages that were written, and may not be acknowledged yet.
struct Confirmation {
  let session: MongoSession
  let layout: Layout

  /// Throws unless messages that were written can be found again, each number is used once, and these messages, which
  /// new ones were put behind, are there.
  func confirm(behind tokens: [BSONObjectID]) throws {
    try layout.confirmMessages(session)
    try confirmPlaces(tokens)
  }

  /// Throws if a message that a new one was put behind is not there: its log was emptied, or put back to an
  /// earlier state, and no index refuses a number far above its last one. Another message with the same number
  /// does not do: its writer may be about to take it back.
  private func confirmPlaces(_ tokens: [BSONObjectID]) throws {
    for start in stride(from: 0, to: tokens.count, by: AppendRun.logsTogether) {
      let some = tokens[start..<min(start + AppendRun.logsTogether, tokens.count)]
      let found = try Query.present(Array(some)).run(session).all()
      guard found.count == some.count else { throw StoreError.shortened }
    }
  }

  /// Takes back what was written into other collections than were meant, where nothing can have come after it;
  /// and what has a number that another message had before it, while the index that refuses those is not there:
  /// otherwise it could not be made again. What was there first stays, so that no number is missing. What can't
  /// be taken back now was not acknowledged either.
  func withdraw(
    _ which: AppendPlan.Withdrawal, _ messages: [LogName: [AppendPlan.Written]], _ backoff: inout Backoff
  ) {
    for (log, messages) in messages {
      do {
        switch which {
        case .all: takeBack(messages, &backoff)
        case .strays: if try isStray(log, messages.map(\.seq).min() ?? 1) { takeBack(messages, &backoff) }
        case .doubled: takeBack(try doubled(messages, in: log), &backoff)
        }
      } catch {
        // Left as it is: its caller is told that the outcome is unknown, whatever the reason.
        continue
      }
    }
  }

  /// Again while it fails: what is left would be taken for the end of its log.
  private func takeBack(_ messages: [AppendPlan.Written], _ backoff: inout Backoff) {
    guard !messages.isEmpty else { return }
    let writes = messages.map { MongoWrite.deleteOne(filter: ["_id": .objectID($0.token.id)]) }
    while session.bulk(Collection.messages.rawValue, writes, ordered: false).error != nil {
      guard backoff.pause() else { return }
    }
  }

  /// Those of a log's messages whose number another message had before.
  private func doubled(
    _ messages: [AppendPlan.Written], in log: LogName
  ) throws(StoreError) -> [AppendPlan.Written] {
    guard let first = messages.map(\.seq).min(), let last = messages.map(\.seq).max() else { return [] }
    var holders: [Int: BSONObjectID] = [:]
    for document in try Query.inOrderOfWriting(log, from: first, through: last).all(session) {
      let slot = try Slot(document)
      holders[slot.seq] = holders[slot.seq] ?? slot.token
    }
    return messages.filter { message in holders[message.seq].map { $0 != message.token.id } ?? false }
  }

  private func isStray(_ log: LogName, _ first: Int) throws -> Bool {
    let indexes = try session.listIndexes(Collection.messages.rawValue)
    let names = try indexes.map { try $0.get("name").string() }
    guard names.contains(Collection.Index.position) else { return true }
    guard first > 1 else { return false }
    return try Query.slots(log, from: first - 1, through: first - 1).all(session).isEmpty
  }
}

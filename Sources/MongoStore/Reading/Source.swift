import Inbox
import Mongo
import Runtime

/// A session on one of the pool's threads, with what is remembered of the past that it reads.
struct Source {
  let session: MongoSession
  let past: Past
  let clock: ServerClock
  /// Whether one command sees its collections at one moment.
  let hasSnapshots: Bool

  init(_ session: MongoSession, _ past: Past, _ clock: ServerClock, hasSnapshots: Bool) {
    (self.session, self.past, self.clock, self.hasSnapshots) = (session, past, clock, hasSnapshots)
  }

  init(_ session: MongoSession, _ layout: Layout) {
    self.init(session, layout.past, layout.clock, hasSnapshots: layout.server.supportsSnapshotReads)
  }

  func run(_ query: Query, _ concern: MongoReadConcern = .majority) throws(StoreError) -> MongoBatch {
    var backoff = Backoff(.milliseconds(500), .remote)
    while true {
      do {
        return try query.run(session, concern)
      } catch {
        // A snapshot may be older than a collection, or the primary may be about to enter its next term.
        guard error.kind == .server, error.isRetryable, backoff.pause() else { throw StoreError(error) }
      }
    }
  }

  /// How far writes are committed; nil where servers don't tell it.
  func commitPoint() throws(StoreError) -> MongoCommitPoint? {
    var isSecond = false
    while true {
      do {
        return try session.commitPoint(Collection.messages.rawValue)
      } catch {
        // Once more, as libmongoc does with reads.
        guard error.isRetryable, error.kind == .network || error.kind == .server, !isSecond else {
          throw StoreError(error)
        }
        isSecond = true
      }
    }
  }

  /// The time for a read, which never goes back.
  func now() throws(StoreError) -> Timestamp {
    do {
      return try clock.steadyNow(session)
    } catch {
      throw StoreError(error)
    }
  }

  /// The last number of a log; 0 if there is none.
  func head(of log: LogName) throws(StoreError) -> Int {
    guard let last = try run(.lastSlot(log)).all().first else { return 0 }
    return try Slot(last).seq
  }

  /// The places of these numbers.
  func slots(_ log: LogName, _ numbers: [Int]) throws(StoreError) -> [Int: Slot] {
    var slots: [Int: Slot] = [:]
    for document in try run(.times(log, numbers)).all() {
      let slot = try Slot(document)
      slots[slot.seq] = slot
    }
    return slots
  }

  /// The most numbers in one reply.
  static let numbersTogether = 50_000

  /// The numbers from `first` through `last` whose field has this value, in as many replies as they need.
  func numbers(
    in log: LogName, where field: MessageField, from first: Int, through last: Int
  ) throws(StoreError) -> SequenceSet {
    var first = max(first, 1)
    var found: [Int] = []
    while first <= last {
      let batch = try run(.numbers(log, field, from: first, through: last, limit: Self.numbersTogether))
      let before = found.count
      for document in try batch.all() { found.append(try SentNumber.seq(document)) }
      guard let newest = found.last, found.count > before else { break }
      if batch.isComplete, found.count - before < Self.numbersTogether { break }
      first = newest + 1
    }
    return SequenceSet(numbers: found)
  }
}

import Inbox
import Mongo
import Runtime

/// Carries out what is restored on one of the pool's threads. Every attempt begins with a look at what is there, so
/// that what an earlier one has written is passed over.
struct RestoreRun {
  let session: MongoSession
  let layout: Layout
  private let clock: ServerClock
  private let feed: ChangeFeed
  private let plan: RestorePlan
  private var backoff: Backoff
  /// What the first attempt found missing.
  private var counts: Restored.Counts?
  /// Whether an attempt to write has an unknown outcome: it may be there, or come.
  private var maySurface = false
  /// The messages that the server refused for what others hold, and that were not found there.
  private var refused: Set<MessageName> = []

  /// The most messages and bytes in one insert.
  static let messagesTogether = 5000
  static let bytesTogether = 12 << 20

  /// The error of an attempt after which another one is made.
  private struct Again: Error {
    var error: StoreError
    /// Whether others were first: then a pause brings nothing.
    var isRace = false
  }

  init(_ plan: RestorePlan, _ tools: Tools, _ layout: Layout, _ session: MongoSession) {
    (self.plan, self.layout, self.session, clock, feed) = (
      plan, layout, session, tools.clock, tools.feed
    )
    backoff = Backoff(tools.patience, .remote)
  }

  /// Returns the result. Blocks, for about the store's patience at most.
  mutating func run() -> Result<Restored.Counts, StoreError> {
    while true {
      do {
        try attempt()
        return .success(counts ?? Restored.Counts())
      } catch let again as Again {
        guard again.isRace ? !backoff.isOver : backoff.pause() else {
          return .failure(maySurface ? .notConfirmed : again.error)
        }
      } catch {
        return .failure(StoreError(any: error))
      }
    }
  }

  private mutating func attempt() throws {
    let found = try found()
    let logs = try plan.logs.map { restore in
      let log = found[restore.log] ?? Found()
      return try restore.writes(to: log.state, time: log.head.seq == 0 ? nil : log.head.time) {
        try held($0, of: restore.log, log.state.record)
      }
    }
    try checkKeys(logs.filter { found[$0.log]?.state.head ?? 0 > 0 })
    let marks = try newMarks(found, logs)
    if counts == nil { counts = Restored.Counts(logs, marks.map(\.restore)) }
    try insert(logs, found)
    try writeRecords(logs, found)
    try writeMarks(marks)
    clock.note(logs.map(\.time).max() ?? .min)
  }
}

// What is there.
extension RestoreRun {
  /// A log as an attempt finds it.
  fileprivate struct Found {
    var head = Head.none
    var record: RecordDocument?
    var state = LogState()
  }

  private func found() throws -> [LogName: Found] {
    let inboxes = plan.marks.map(\.inbox)
    let names = Array(Set(plan.logs.map(\.log) + inboxes.flatMap { [$0.shared, $0.own] }))
    var found: [LogName: Found] = [:]
    for start in stride(from: 0, to: names.count, by: AppendRun.logsTogether) {
      let some = Array(names[start..<min(start + AppendRun.logsTogether, names.count)])
      // Records are read first and heads last: then no retraction lies beyond the heads.
      for (name, record) in try records(.logs, some) {
        found[name, default: Found()].record = record
        found[name, default: Found()].state.record = try LogRecord(record)
      }
      for document in try passing({ () throws(StoreError) in try Query.lastSlots(some).all(session) }) {
        let last = try LastSlot(document)
        found[last.log, default: Found()].head = last.head
        found[last.log, default: Found()].state.head = last.head.seq
      }
    }
    for log in found.values { try log.state.check() }
    return found
  }

  private func records(_ collection: Collection, _ names: [LogName]) throws -> [LogName: RecordDocument] {
    try passing { () throws(StoreError) in
      try CompareAndSet(collection: collection, layout: layout, session: session, feed: feed).records(
        names)
    }
  }

  /// The messages of a log with these numbers.
  private func held(_ range: ClosedRange<Int>, of log: LogName, _ record: LogRecord) throws -> [LogEntry] {
    var held: [LogEntry] = []
    var first = range.lowerBound
    while first <= range.upperBound {
      let last = min(range.upperBound, first + 999)
      let batch = try passing { () throws(StoreError) in
        try Source(session, layout).run(.messages(log, from: first, through: last, limit: last - first + 1))
      }
      held += try batch.all().map { document throws(StoreError) in try LogEntry(document, record) }
      // A reply is full at 16 MiB: the next one goes on.
      first = batch.isComplete ? last + 1 : (held.last?.message.seq ?? last) + 1
    }
    return held
  }

  /// A read that failed for a moment is made again.
  private func passing<Value>(_ body: () throws(StoreError) -> Value) throws -> Value {
    do {
      return try body()
    } catch .unavailable(let why) where StoreError.unavailable(why) != .replaced {
      throw Again(error: .unavailable(why))
    } catch {
      throw error
    }
  }
}

// Keys.
extension RestoreRun {
  /// The most keys that are looked up before anything is written. Of more, as only the import of an export has them, the
  /// index refuses the first one that is held, and the messages before it are there.
  private static let keysLookedUp = 1_000

  /// Refuses a key that a message of its log holds, so that a call that is refused has written nothing.
  private func checkKeys(_ logs: [LogWrites]) throws {
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

// What is missing.
extension RestoreRun {
  private mutating func insert(_ logs: [LogWrites], _ found: [LogName: Found]) throws {
    var written: [LogName: [AppendPlan.Written]] = [:]
    var chunk: [MessageName] = []
    var documents: [BSONDocument] = []
    var bytes = 0
    for writes in logs {
      for entry in writes.entries {
        var entry = entry
        let name = MessageName(log: writes.log, seq: entry.message.seq)
        // Another log has a message with this token.
        if refused.contains(name) { entry.message.token = .random(in: 1 ... .max) }
        documents.append(try MessageDocument.make(entry, log: writes.log))
        chunk.append(name)
        bytes += entry.size
        written[writes.log, default: []].append(
          .init(seq: entry.message.seq, token: Token(entry.message.token, at: entry.message.time)))
        guard documents.count == Self.messagesTogether || bytes >= Self.bytesTogether else { continue }
        try insert(documents, chunk)
        (documents, chunk, bytes) = ([], [], 0)
      }
    }
    try insert(documents, chunk)
    guard !written.isEmpty else { return }
    try confirm(written, behind: written.keys.compactMap { found[$0]?.head.token })
  }

  /// Inserts messages in order: the first refusal ends it, so no log has a gap.
  private mutating func insert(_ documents: [BSONDocument], _ names: [MessageName]) throws {
    let result = session.insertMany(Collection.messages.rawValue, documents)
    guard let error = result.error else { return }
    layout.past.heads.forgetLast(of: Set(names.map(\.log)))
    clock.forget()
    if error.kind == .replacedCollection { throw maySurface ? StoreError.notConfirmed : .replaced }
    if result.outcome == .unknown {
      maySurface = true
      throw Again(error: .notConfirmed)
    }
    guard let refusal = result.writeErrors.first, refusal.isDuplicateKey,
      names.indices.contains(refusal.index)
    else { throw error.isRetryable ? Again(error: StoreError(error)) : StoreError(error) }
    // Somebody was first, or an attempt with an unknown outcome has come: the next attempt sees which.
    let name = names[refusal.index]
    if refused.contains(name), refusal.names(Collection.Index.key) {
      throw StoreError.unfit(Unfit(name.log, .key(name.seq)))
    }
    refused.insert(name)
    throw Again(error: .contended, isRace: true)
  }

  private mutating func confirm(_ written: [LogName: [AppendPlan.Written]], behind: [BSONObjectID]) throws {
    let confirmation = Confirmation(session: session, layout: layout)
    while true {
      do {
        return try confirmation.confirm(behind: behind)
      } catch let error as MongoError where error.isRetryable {
        guard backoff.pause() else { throw StoreError.notConfirmed }
      } catch {
        session.suspectChange()
        let withdrawal: AppendPlan.Withdrawal =
          switch error as? StoreError {
          case .replaced: .strays
          case .shortened: .all
          default: .doubled
          }
        confirmation.withdraw(withdrawal, written, &backoff)
        throw StoreError.notConfirmedHere
      }
    }
  }

  private mutating func writeRecords(_ logs: [LogWrites], _ found: [LogName: Found]) throws {
    let changed = logs.filter { $0.record != nil }
    try write(
      changed.compactMap { writes in
        let before = found[writes.log]?.record
        return writes.record.map { record in
          .init(
            record: RecordDocument(
              name: writes.log, version: (before?.version ?? 0) + 1, token: .random(at: 0),
              body: record.encoded), previous: before?.version ?? 0, previousToken: before?.token)
        }
      }, to: .logs)
    let clearing = changed.flatMap { writes in
      writes.retracted.numbers.map { seq in
        MongoWrite.updateOne(
          filter: ["log": .binary(writes.log.encoded), "seq": .int64(Int64(seq))],
          update: MessageDocument.clearing)
      }
    }
    while session.bulk(Collection.messages.rawValue, clearing, ordered: false).error != nil {
      // They are retracted, and something of their bodies may still be there: repeating the call clears it.
      guard backoff.pause() else { throw StoreError.notConfirmed }
    }
  }

  private func newMarks(
    _ found: [LogName: Found], _ logs: [LogWrites]
  ) throws -> [(restore: MarksRestore, before: RecordDocument?)] {
    guard !plan.marks.isEmpty else { return [] }
    let heads = Dictionary(uniqueKeysWithValues: logs.map { ($0.log, $0.head) })
    let held = try records(.marks, plan.marks.map(\.inbox.own))
    return try plan.marks.compactMap { restore in
      let (shared, own) = (restore.inbox.shared, restore.inbox.own)
      let before = held[own]
      let isNew = try restore.isNew(
        over: try before.map { document throws(StoreError) in try Marks(document) } ?? Marks(),
        shared: heads[shared] ?? found[shared]?.state.head ?? 0,
        own: heads[own] ?? found[own]?.state.head ?? 0)
      return isNew ? (restore, before) : nil
    }
  }

  private mutating func writeMarks(_ marks: [(restore: MarksRestore, before: RecordDocument?)]) throws {
    try write(
      marks.map { restore, before in
        .init(
          record: RecordDocument(
            name: restore.inbox.own, version: Int64(restore.marks.version),
            token: Token(restore.marks.stamp, at: 0), body: restore.bytes),
          previous: before?.version ?? 0, previousToken: before?.token)
      }, to: .marks)
  }

  private mutating func write(_ replacements: [CompareAndSet.Replacement], to collection: Collection) throws {
    let outcomes = CompareAndSet(collection: collection, layout: layout, session: session, feed: feed)
      .write(replacements, &backoff)
    for outcome in outcomes {
      switch outcome {
      case .written: continue
      case .lost: throw Again(error: .contended)
      case .unknown: throw StoreError.notConfirmed
      case .elsewhere: throw StoreError.notConfirmedHere
      case .failed(let error): throw error
      }
    }
  }
}

import Inbox
import Mongo
import Runtime

/// Carries out a group of retractions on one of the pool's threads: the write of the log's record is the
/// commit point, and clearing the bodies may be repeated.
struct RetractRun {
  private let session: MongoSession
  private let layout: Layout
  private let feed: ChangeFeed
  private var backoff: Backoff
  private var open: [LogName: [Retract]] = [:]

  /// The decisions of one log's retractions.
  private struct Decided {
    var log: LogName
    /// The retractions that are in effect, each with whether this call made it.
    var done: [(retract: Retract, isNew: Bool)]
    var replacement: CompareAndSet.Replacement?
  }

  init(_ retracts: [Retract], _ tools: Tools, _ layout: Layout, _ session: MongoSession) {
    self.session = session
    self.layout = layout
    feed = tools.feed
    backoff = Backoff(tools.patience, .remote)
    for retract in retracts { open[retract.name.log, default: []].append(retract) }
  }

  /// Tells every caller the result. Blocks, for about the store's patience at most.
  mutating func run() {
    while !open.isEmpty {
      var decided: [Decided] = []
      do throws(StoreError) {
        for log in open.keys { if let some = try decideApart(log) { decided.append(some) } }
      } catch {
        return fail(error)
      }
      let toWrite = decided.filter { $0.replacement != nil }
      let outcomes = records.write(toWrite.compactMap(\.replacement), &backoff)
      var retracted = decided.filter { $0.replacement == nil }
      var isContended = false
      for (decided, outcome) in zip(toWrite, outcomes) {
        switch outcome {
        case .written: retracted.append(decided)
        case .unknown: settle(decided, .notConfirmed)
        case .elsewhere: settle(decided, .notConfirmedHere)
        case .failed(let error): settle(decided, error)
        case .lost: isContended = true
        }
      }
      clear(retracted)
      if isContended, !backoff.pause() { fail(.contended) }
    }
  }

  private var records: CompareAndSet {
    CompareAndSet(collection: .logs, layout: layout, session: session, feed: feed)
  }

  private mutating func settle(_ decided: Decided, _ failure: StoreError?) {
    open[decided.log] = nil
    for (retract, isNew) in decided.done { retract.settle(failure.map { .failure($0) } ?? .success(isNew)) }
  }

  private mutating func fail(_ error: StoreError) {
    for retracts in open.values {
      for retract in retracts { retract.settle(.failure(error)) }
    }
    open = [:]
  }

  /// Decides as `decide` does, but reports damage of one log only to the callers that asked for that log.
  private mutating func decideApart(_ log: LogName) throws(StoreError) -> Decided? {
    do {
      return try decide(log)
    } catch .damaged(let what) {
      for retract in open.removeValue(forKey: log) ?? [] { retract.settle(.failure(.damaged(what))) }
      return nil
    } catch {
      throw error
    }
  }

  /// Decides on a log's record, and tells the callers whose message doesn't exist. Nil if nothing is left to
  /// do.
  private mutating func decide(_ log: LogName) throws(StoreError) -> Decided? {
    let found = try records.records([log])[log]
    // The record is read first: then no retraction lies beyond the head.
    let record = try found.map { document throws(StoreError) in try LogRecord(document) } ?? LogRecord()
    var state = LogState(head: try Source(session, layout).head(of: log), record: record)
    try state.check()
    var decided = Decided(log: log, done: [])
    for retract in open[log] ?? [] {
      do throws(StoreError) {
        decided.done.append((retract, try state.retract(retract.name.seq)))
      } catch {
        retract.settle(.failure(error))
      }
    }
    open[log] = decided.done.map(\.retract)
    guard !decided.done.isEmpty else {
      open[log] = nil
      return nil
    }
    guard state.record != record else { return decided }
    let encoded: [UInt8]
    do throws(StoreError) {
      encoded = try state.record.bytesToWrite()
    } catch {
      settle(decided, error)
      return nil
    }
    let previous = found?.version ?? 0
    decided.replacement = .init(
      record: RecordDocument(name: log, version: previous + 1, token: .random(at: 0), body: encoded),
      previous: previous, previousToken: found?.token)
    return decided
  }

  /// Clears the bodies of retracted messages, including those that an earlier call may have left.
  private mutating func clear(_ retracted: [Decided]) {
    let writes = retracted.flatMap { decided in
      decided.done.map { done in
        MongoWrite.updateOne(
          filter: [
            "log": .binary(decided.log.encoded), "seq": .int64(Int64(done.retract.name.seq)),
          ], update: MessageDocument.clearing)
      }
    }
    while true {
      let result = session.bulk(Collection.messages.rawValue, writes, ordered: false)
      guard result.error != nil else { break }
      guard backoff.pause() else {
        // The message is retracted, and its body may still be there: repeating the call clears it.
        for decided in retracted { settle(decided, .notConfirmed) }
        return
      }
    }
    for decided in retracted { settle(decided, nil) }
  }
}

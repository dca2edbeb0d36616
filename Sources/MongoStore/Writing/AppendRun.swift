import Inbox
import Mongo
import Runtime

/// Carries out a group of appends on one of the pool's threads.
struct AppendRun {
  let session: MongoSession
  private let layout: Layout
  private var heads: Heads { layout.past.heads }
  private var confirmation: Confirmation { Confirmation(session: session, layout: layout) }
  private let clock: ServerClock
  private let leases: Leases
  private let feed: ChangeFeed
  private var leased: Set<LogName> = []
  private var plan: AppendPlan
  var backoff: Backoff

  static let logsTogether = 1000

  init(_ calls: [Append], _ tools: Tools, _ layout: Layout, _ session: MongoSession) {
    self.session = session
    self.layout = layout
    clock = tools.clock
    (leases, feed) = (tools.leases, tools.feed)
    plan = AppendPlan(calls)
    backoff = Backoff(tools.patience, .remote)
  }

  /// Returns the result of each call. Blocks, for about the store's patience at most.
  mutating func run() -> [Result<[Receipt], StoreError>] {
    while true {
      do throws(StoreError) {
        if let results = try step() {
          for log in leased { leases.finish(log, session) }
          feed.tell(Array(plan.byLog.keys), unmade: plan.notWritten.map { .message($0.id) })
          clock.note(results)
          return results
        }
      } catch {
        plan.failed(error)
      }
    }
  }

  /// Carries out the next action; returns the results after the last one.
  private mutating func step() throws(StoreError) -> [Result<[Receipt], StoreError>]? {
    let (clock, session) = (clock, session)
    let now = { () throws(StoreError) -> Timestamp in
      do throws(MongoError) {
        return try clock.now(session)
      } catch {
        throw StoreError(error)
      }
    }
    switch try plan.next(now) {
    case .findHolders(let keys): plan.found(try findHolders(keys))
    case .readHeads(let logs): try readHeads(of: logs)
    case .insert(let chunk): try insert(chunk)
    case .readSlots(let log, let range):
      var tokens: [Int: BSONObjectID] = [:]
      for document in try documents(.slots(log, from: range.lowerBound, through: range.upperBound)) {
        let slot = try Slot(document)
        tokens[slot.seq] = slot.token
      }
      plan.found(tokens, of: log, isLate: backoff.isOver)
      plan.tellProgress()
    case .takeLease(let log):
      leased.insert(log)
      leases.request(log, session, try now())
    case .pause: plan.paused(isLate: !backoff.pause())
    case .confirm(let tokens): confirm(tokens)
    case .withdraw(let which, let messages): confirmation.withdraw(which, messages, &backoff)
    case .finish(let results): return results
    }
    return nil
  }

  func documents(_ query: Query) throws(StoreError) -> [BSONDocument] { try query.all(session) }

  private mutating func readHeads(of logs: [LogName]) throws(StoreError) {
    var unknown: [LogName] = []
    for log in logs {
      if let head = heads.last(of: log) { plan.setHead(head, of: log) } else { unknown.append(log) }
    }
    if unknown.count == 1 {
      let last = try documents(.lastSlot(unknown[0])).first
      let head = try last.map { document throws(StoreError) in Head(try Slot(document)) }
      return plan.setHead(head ?? .none, of: unknown[0])
    }
    for start in stride(from: 0, to: unknown.count, by: Self.logsTogether) {
      let some = Array(unknown[start..<min(start + Self.logsTogether, unknown.count)])
      var found: [LogName: Head] = [:]
      for document in try documents(.lastSlots(some)) {
        let last = try LastSlot(document)
        found[last.log] = last.head
      }
      for log in some { plan.setHead(found[log] ?? .none, of: log) }
    }
  }

  private mutating func insert(_ chunk: [Int]) throws(StoreError) {
    var documents: [BSONDocument] = []
    documents.reserveCapacity(chunk.count)
    for index in chunk {
      do throws(StoreError) {
        documents.append(try plan.document(index))
      } catch {
        return plan.refuse(index, error)
      }
    }
    feed.expect(chunk.map { .message(plan.items[$0].token.id) })
    let result = session.insertMany(Collection.messages.rawValue, documents)
    if result.error != nil {
      heads.forgetLast(of: Set(chunk.map { plan.items[$0].log }))
      clock.forget()
    }
    plan.inserted(.init(result, of: chunk.count))
    plan.tellProgress()
  }

  private mutating func confirm(_ tokens: [BSONObjectID]) {
    let moment = ContinuousClock.now
    do {
      try confirmation.confirm(behind: tokens)
      plan.confirmed()
      heads.remember(plan.cleanHeads, behind: plan.placesBefore, at: moment)
    } catch let error as MongoError where error.isRetryable {
      plan.notConfirmed(StoreError(error), mayPass: true)
    } catch {
      session.suspectChange()
      plan.notConfirmed(error as? StoreError ?? .notConfirmedHere, mayPass: false)
    }
  }
}

extension Query {
  /// The documents of the reply.
  func all(_ session: MongoSession) throws(StoreError) -> [BSONDocument] {
    do {
      return try run(session).all()
    } catch let error as MongoError {
      throw StoreError(error)
    } catch {
      throw error as? StoreError ?? .damaged("a reply can't be read: \(error)")
    }
  }
}

extension AppendPlan.Insertion {
  fileprivate init(_ result: MongoWriteResult, of count: Int) {
    guard let error = result.error else {
      self = .written
      return
    }
    let refusal = result.writeErrors.first.flatMap { (0..<count).contains($0.index) ? $0 : nil }
    if error.kind == .replacedCollection {
      self = .stopped(at: refusal?.index ?? 0, .replaced)
    } else if result.outcome == .unknown {
      self = .unknown
    } else if let refusal {
      self = .stopped(
        at: refusal.index,
        refusal.isDuplicateKey
          ? refusal.names(Collection.Index.key) ? .key : .number
          : error.isRetryable ? .passing(StoreError(error)) : .message(StoreError(error)))
    } else {
      self = .failed(StoreError(error))
    }
  }
}

extension MongoWriteResult.WriteError {
  /// Whether the server's message names this index. The text after "dup key" is a sender's and is ignored.
  func names(_ index: String) -> Bool {
    let server = message.place(of: " dup key").map { message[..<$0] } ?? message[...]
    return server.hasSuffix("index: \(index)")
  }
}

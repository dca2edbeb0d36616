import Inbox
import Mongo

/// Carries out a group of appends on one of the pool's threads.
struct AppendRun {
  private let session: MongoSession
  private let layout: Layout
  private var heads: Heads { layout.past.heads }
  private let clock: ServerClock
  private let leases: Leases
  private var plan: AppendPlan
  private var patience: Patience
  private var lostRaces: [LogName: Int] = [:]

  private static let chunkCount = 1000
  private static let chunkBytes = 8 << 20
  private static let logsTogether = 1000

  init(_ calls: [Append], _ tools: Tools, _ layout: Layout, _ session: MongoSession) {
    self.session = session
    self.layout = layout
    clock = tools.clock
    leases = tools.leases
    plan = AppendPlan(calls)
    patience = Patience(tools.patience)
  }

  /// Returns the result of each call. Blocks, for about the store's patience at most.
  mutating func run() -> [Result<[Receipt], StoreError>] {
    do throws(StoreError) {
      let holders = plan.hasKeys ? try findHolders() : [:]
      plan.begin(holders, at: try now())
    } catch {
      return plan.allFailed(error)
    }
    while !plan.isSettled {
      do throws(StoreError) {
        try step()
        plan.tellProgress()
      } catch {
        // Messages that may surface are worth more attempts; of the others nothing was written.
        if !plan.maySurface || !patience.pause() { plan.giveUp(error) }
      }
    }
    if plan.hasNew { confirm() }
    for log in lostRaces.keys { leases.finish(log, session) }
    return plan.results()
  }

  /// Makes sure, before any caller is told, that the messages can be found again and that each number is used
  /// once.
  private mutating func confirm() {
    let moment = ContinuousClock.now
    while true {
      do {
        try layout.confirmMessages(session)
        try confirmPlaces()
        return heads.remember(plan.cleanHeads, at: moment)
      } catch let error as MongoError where error.isRetryable {
        guard patience.pause() else { return plan.unconfirm() }
      } catch {
        session.suspectChange()
        switch error as? StoreError {
        case .replaced: withdraw(isCertain: false)
        case .shortened: withdraw(isCertain: true)
        default: withdrawDoubled()
        }
        return plan.unconfirm()
      }
    }
  }

  /// Throws if a message that a new one was put behind is not there: its log was emptied, or put back to an
  /// earlier state, and no index refuses a number far above its last one. Another message with the same number
  /// does not do: its writer may be about to take it back.
  private func confirmPlaces() throws {
    let tokens = plan.tokensBefore
    for start in stride(from: 0, to: tokens.count, by: Self.logsTogether) {
      let some = tokens[start..<min(start + Self.logsTogether, tokens.count)]
      let found = try Query.present(Array(some)).run(session).all()
      guard found.count == some.count else { throw StoreError.shortened }
    }
  }

  /// Takes back what was written into other collections than were meant, where nothing can have come after it:
  /// in those that nobody has prepared, and in logs that lack what would come before it. What can't be taken
  /// back now was not acknowledged either.
  private mutating func withdraw(isCertain: Bool) {
    for (log, messages) in plan.newMessages {
      do {
        guard try isCertain || isStray(log, messages.map(\.seq).min() ?? 1) else { continue }
      } catch {
        // Left as it is: its caller is told that the outcome is unknown, whatever the reason.
        continue
      }
      takeBack(messages.map(\.token))
    }
  }

  /// Again while it fails: what is left would be taken for the end of its log.
  private mutating func takeBack(_ tokens: [Token]) {
    let writes = tokens.map { MongoWrite.deleteOne(filter: ["_id": .objectID($0.id)]) }
    while session.bulk(Collection.messages.rawValue, writes, ordered: false).error != nil {
      guard patience.pause() else { return }
    }
  }

  /// Takes back what has a number that another message had before it: while the index that refuses those is not
  /// there. Otherwise it could not be made again. What was there first stays, so that no number is missing.
  private mutating func withdrawDoubled() {
    for (log, messages) in plan.newMessages {
      guard let first = messages.map(\.seq).min(), let last = messages.map(\.seq).max() else { continue }
      var holders: [Int: BSONObjectID] = [:]
      do {
        for document in try documents(.inOrderOfWriting(log, from: first, through: last)) {
          let slot = try Slot(document)
          holders[slot.seq] = holders[slot.seq] ?? slot.token
        }
      } catch {
        // Left as it is: its caller is told that the outcome is unknown, whatever the reason.
        continue
      }
      let doubled = messages.filter { message in
        holders[message.seq].map { $0 != message.token.id } ?? false
      }
      guard !doubled.isEmpty else { continue }
      takeBack(doubled.map(\.token))
    }
  }

  private func isStray(_ log: LogName, _ first: Int) throws -> Bool {
    let indexes = try session.listIndexes(Collection.messages.rawValue)
    let names = try indexes.map { try $0.get("name").string() }
    guard names.contains(Collection.Index.position) else { return true }
    guard first > 1 else { return false }
    return try documents(.slots(log, from: first - 1, through: first - 1)).isEmpty
  }

  private func now() throws(StoreError) -> Timestamp {
    do {
      return try clock.now(session)
    } catch {
      throw StoreError(error)
    }
  }

  private func documents(_ query: Query) throws(StoreError) -> [BSONDocument] {
    do {
      return try query.run(session).all()
    } catch let error as MongoError {
      throw StoreError(error)
    } catch {
      throw error as? StoreError ?? .damaged("a reply can't be read: \(error)")
    }
  }

  /// Numbers the unnumbered messages and sends the next command.
  private mutating func step() throws(StoreError) {
    let unknown = plan.logsWithoutHead
    for log in unknown {
      if let head = heads.last(of: log) { plan.setHead(head, of: log) }
    }
    try readHeads(of: plan.logsWithoutHead)
    plan.place(at: try now())
    let chunk = plan.nextChunk(count: Self.chunkCount, bytes: Self.chunkBytes)
    var documents: [BSONDocument] = []
    documents.reserveCapacity(chunk.count)
    for index in chunk {
      do throws(StoreError) {
        documents.append(try plan.document(index))
      } catch {
        return plan.refused(index, error)
      }
    }
    try settle(chunk, session.insertMany(Collection.messages.rawValue, documents))
  }

  private mutating func readHeads(of logs: [LogName]) throws(StoreError) {
    if logs.count == 1 {
      let last = try documents(.lastSlot(logs[0])).first
      let head = try last.map { document throws(StoreError) in Head(try Slot(document)) }
      return plan.setHead(head ?? .none, of: logs[0])
    }
    for start in stride(from: 0, to: logs.count, by: Self.logsTogether) {
      let some = Array(logs[start..<min(start + Self.logsTogether, logs.count)])
      var found: [LogName: Head] = [:]
      for document in try documents(.lastSlots(some)) {
        let last = try LastSlot(document)
        found[last.log] = last.head
      }
      for log in some { plan.setHead(found[log] ?? .none, of: log) }
    }
  }

  private mutating func settle(_ chunk: [Int], _ result: MongoWriteResult) throws(StoreError) {
    guard let error = result.error else { return plan.written(chunk) }
    heads.forgetLast(of: Set(chunk.map { plan.log(of: $0) }))
    clock.forget()
    if error.kind == .replacedCollection {
      if let refusal = result.writeErrors.first, chunk.indices.contains(refusal.index) {
        plan.written(chunk[..<refusal.index])
      }
      return plan.giveUp(.replaced)
    }
    if result.outcome == .unknown {
      plan.unknown(chunk)
      return try settleBySlots(Set(chunk.map { plan.log(of: $0) }), pausing: true)
    }
    guard let refusal = result.writeErrors.first, chunk.indices.contains(refusal.index) else {
      // Nothing was sent, or all of it was refused.
      throw StoreError(error)
    }
    plan.written(chunk[..<refusal.index])
    let index = chunk[refusal.index]
    guard refusal.isDuplicateKey else {
      guard error.isRetryable else { return plan.refused(index, StoreError(error)) }
      throw StoreError(error)
    }
    if refusal.names(Collection.Index.key), let place = plan.keyPlace(of: index) {
      // A process that holds one key of a group often holds many, for instance because it sends the same
      // messages: all keys are looked up at once, since each refusal costs several commands.
      let holders = try findHolders()
      if holders[place] == nil, !patience.pause() {
        plan.giveUp(.unavailable("a key is held by a message that could not be read"))
      }
      return plan.held(by: holders, refused: index)
    }
    try settleBySlots([plan.log(of: index)], pausing: false)
  }

  /// Looks up which messages have the numbers; `pausing` if the numbers may still be free.
  private mutating func settleBySlots(_ logs: Set<LogName>, pausing: Bool) throws(StoreError) {
    for log in logs {
      guard let range = plan.placedRange(of: log) else { continue }
      var tokens: [Int: BSONObjectID] = [:]
      for document in try documents(.slots(log, from: range.lowerBound, through: range.upperBound)) {
        let slot = try Slot(document)
        tokens[slot.seq] = slot.token
      }
      if plan.settle(log, tokens) { try lostRace(log) }
    }
    if pausing, !plan.isSettled, !patience.pause() { plan.giveUp(.notConfirmed) }
  }

  /// Notes that another process was faster. After a few lost races this process takes a lease: otherwise
  /// the process farther from the primary would never win.
  private mutating func lostRace(_ log: LogName) throws(StoreError) {
    lostRaces[log, default: 0] += 1
    if lostRaces[log, default: 0] >= Leases.racesBeforeLease { leases.request(log, session, try now()) }
    guard !patience.isOver else {
      return plan.giveUp(.unavailable("other writers took every number of a log for too long"))
    }
  }
}

// Keys.
extension AppendRun {
  private func findHolders() throws(StoreError) -> [AppendPlan.KeyPlace: Holder] {
    let keys = plan.keys
    var holders = try findHolders(keys.deep.map { ($0.key, $0.value) })
    for (key, logs) in keys.wide {
      for start in stride(from: 0, to: logs.count, by: Self.logsTogether) {
        let some = Array(logs[start..<min(start + Self.logsTogether, logs.count)])
        try add(.holders(of: key, in: some), to: &holders)
      }
    }
    return holders
  }

  private func findHolders(
    _ searches: [(search: AppendPlan.KeySearch, keys: [Text])]
  ) throws(StoreError) -> [AppendPlan.KeyPlace: Holder] {
    var holders: [AppendPlan.KeyPlace: Holder] = [:]
    if searches.count > 1, searches.allSatisfy({ $0.keys.count == 1 }) {
      // Many calls, each with its own key and log, share one command.
      for start in stride(from: 0, to: searches.count, by: 100) {
        let some = searches[start..<min(start + 100, searches.count)].map { search, keys in
          (log: search.log, key: SenderKey(sender: search.sender, key: keys[0]))
        }
        try add(.holders(some), to: &holders)
      }
      return holders
    }
    for (search, keys) in searches {
      try add(.holders(of: Array(Set(keys)), by: search.sender, in: search.log), to: &holders)
    }
    return holders
  }

  private func add(
    _ query: Query, to holders: inout [AppendPlan.KeyPlace: Holder]
  ) throws(StoreError) {
    for document in try documents(query) {
      let holder = try Holder(document)
      holders[AppendPlan.KeyPlace(log: holder.log, key: holder.key)] = holder
    }
  }
}

extension MongoWriteResult.WriteError {
  /// Whether the server's message names this index. The text after "dup key" is a sender's and is ignored.
  fileprivate func names(_ index: String) -> Bool {
    let server = message.firstRange(of: " dup key").map { message[..<$0.lowerBound] } ?? message[...]
    return server.hasSuffix("index: \(index)")
  }
}

import Inbox
import Mongo

extension MongoStore: ExaminedStore {
  /// See `ExaminedStore.verify`. Each step is a few commands on one of the pool's threads. What a repair moves is looked
  /// at again at its new place, so it takes several rounds.
  public func verify(_ verification: Verification) async throws -> Verdict {
    do {
      var verdict = Verdict(named: verification.named)
      guard try await verifyLayout(verification, &verdict) else { return verdict }
      for round in 1...Self.rounds {
        var found = Verdict(named: verification.named)
        try await verifyContents(verification, &found)
        verdict.add(found, counts: round == 1)
        guard verification.repairs, found.faults.hasMended else { break }
        try await forget()
      }
      // The layout of a database that is not whole is refused to readers.
      let isRefused = verdict.faults.has(.index) || verdict.faults.has(.table)
      // A retraction that the record lacks looks like one that is under way, and a view would wait for its end.
      if [.index, .table, .retractionLost].allSatisfy({ verdict.faults.areMended($0) }) {
        if isRefused { try await awaitLayout() }
        try await recount(verification, &verdict)
      }
      return verdict
    } catch {
      throw StoreError(any: error)
    }
  }

  private static let rounds = 4

  /// Forgets what this process remembers of messages that are others now.
  private func forget() async throws {
    guard let past = access.layout?.past else { return }
    past.end()
    // Whoever finds the past over lets go of it.
    try await access.run { _, _ in }
  }

  /// Waits until a layout that was refused before it was mended is looked at again.
  private func awaitLayout() async throws {
    let end = ContinuousClock.now + .seconds(5)
    while true {
      do {
        return try await access.run { _, _ in }
      } catch let error as StoreError {
        guard .now < end else { throw error }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  /// Verifies collections and indexes; false if messages can't be read.
  private func verifyLayout(_ verification: Verification, _ verdict: inout Verdict) async throws -> Bool {
    do {
      // An empty database is made ready.
      try await access.run { _, _ in }
    } catch is StoreError {
      // What it lacks is told below.
    }
    let (faults, canRead) = try await access.examine { [repairs = verification.repairs] session in
      session.collectionUUIDs = [:]
      let mending = LayoutMending(session: session)
      var faults: [Fault] = []
      var left = try LayoutMending.faults(session)
      // One fault may hide another one of the same collection.
      for _ in 0..<8 where repairs && !left.isEmpty {
        var hasChanged = false
        for (fault, found) in left where try mending.mend(fault, twins: { faults.append($0) }) {
          hasChanged = true
          var found = found
          found.isMended = true
          faults.append(found)
        }
        guard hasChanged else { break }
        left = try LayoutMending.faults(session)
      }
      faults += left.map(\.found)
      if !repairs { for (fault, _) in left { faults += try mending.twins(without: fault.indexes) } }
      if try Preparation(session).version() == nil {
        var fault = Fault(.table, .other("the document of \(Collection.schema.rawValue)"))
        if repairs, left.isEmpty {
          try mending.writeVersion()
          fault.isMended = true
        }
        faults.append(fault)
      }
      let canRead = left.allSatisfy { fault, _ in
        switch fault {
        case .unfit(.messages, _), .missing(.messages), .unfitIndex(.messages, Collection.Index.position, _):
          false
        case .missingIndexes(.messages, let names): !names.contains(Collection.Index.position)
        default: true
        }
      }
      return (faults, canRead)
    }
    for fault in faults { verdict.faults.add(fault) }
    if !canRead { verdict.isComplete = false }
    return canRead
  }

  /// Verifies what the collections hold.
  func verifyContents(_ verification: Verification, _ verdict: inout Verdict) async throws {
    try await walk(verification, &verdict, RecordWalk(.logs, repairs: verification.repairs)) {
      walk, session in
      try walk.step(session)
    }
    verdict.logs = 0
    for fault in try await strays(verification) { verdict.faults.add(fault) }
    try await walk(
      verification, &verdict, DocumentWalk(verification.judge, repairs: verification.repairs)
    ) { walk, session in try walk.step(session) }
    let logs = verdict.logs
    try await walk(verification, &verdict, RecordWalk(.marks, repairs: verification.repairs)) {
      walk, session in
      try walk.step(session)
    }
    (verdict.inboxes, verdict.logs) = (verdict.logs - logs, logs)
  }

  /// Takes steps until all was read, or the time is over.
  private func walk<Walk: Sendable>(
    _ verification: Verification, _ verdict: inout Verdict, _ walk: Walk,
    _ next: @escaping @Sendable (inout Walk, MongoSession) throws -> DocumentWalk.Step
  ) async throws {
    var walk = walk
    while !verification.isOver {
      let (after, step) = try await access.examine { [walk] session in
        session.collectionUUIDs = [:]
        var walk = walk
        let step = try next(&walk, session)
        return (walk, step)
      }
      walk = after
      verdict.logs += step.logs
      verdict.messages += step.messages
      for fault in step.faults { verdict.faults.add(fault) }
      verification.progress?(verdict.messages)
      if step.isOver { return }
    }
    verdict.isComplete = false
  }

  /// Documents that the index of numbers does not lead to, and documents of the other collections that are nobody's.
  private func strays(_ verification: Verification) async throws -> [Fault] {
    try await access.examine { [repairs = verification.repairs] session in
      session.collectionUUIDs = [:]
      var faults = try Self.strangers(session, repairs: repairs)
      let filter: BSONDocument = [
        "$or": [
          ["log": ["$not": ["$type": "binData"]]],
          ["seq": ["$not": ["$gte": 1, "$lte": .int64(Int64(StoreBounds.largestNumber))]]],
        ]
      ]
      var lost: LogName?
      var ends: [LogName: Int] = [:]
      var after: BSONValue?
      while true {
        var limited = filter
        if let after { limited = ["$and": [.document(filter), ["_id": ["$gt": after]]]] }
        let found = try session.find(
          Collection.messages.rawValue, filter: limited, sort: ["_id": 1], limit: 1000, hint: "_id_")
        let documents = try found.documents.documents().map { try StoredDocument($0) }
        for document in documents {
          let name = document.name
          var fault = Fault(
            name == nil ? .orphan : .number, name.map { .log($0) } ?? .other("a document of tidings_messages")
          )
          if repairs, let id = document.id {
            if name == nil, lost == nil { lost = try session.lostAndFound() }
            guard let log = name ?? lost else { continue }
            let end = try ends[log] ?? session.end(of: log.encoded, tail: 1)
            ends[log] = try session.move(id, to: log, from: end + 1)
            fault.isMended = true
          }
          faults.append(fault)
        }
        guard documents.count == 1000 || !found.isComplete, let last = documents.last?.id else {
          return faults
        }
        after = last
      }
    }
  }

  private static func strangers(_ session: MongoSession, repairs: Bool) throws -> [Fault] {
    let filters: [(Collection, BSONDocument)] = [
      (.leases, ["until": ["$not": ["$type": "date"]]]), (.schema, ["_id": ["$ne": "layout"]]),
    ]
    return try filters.compactMap { collection, filter in
      let found = try session.find(collection.rawValue, filter: filter, projection: ["_id": 1], limit: 1000)
      let count = try found.documents.documents().count
      guard count > 0 else { return nil }
      var fault = Fault(.stranger, .other("documents of \(collection.rawValue)"), count: count)
      if repairs {
        try session.deleteAll(collection, filter)
        fault.isMended = true
      }
      return fault
    }
  }
}

extension Verdict {
  /// Adds what a round of a repair found; only the first one counts what there is.
  fileprivate mutating func add(_ round: Verdict, counts: Bool) {
    faults.merge(round.faults)
    guard counts else { return }
    (logs, messages, inboxes) = (round.logs, round.messages, round.inboxes)
    isComplete = isComplete && round.isComplete
  }
}

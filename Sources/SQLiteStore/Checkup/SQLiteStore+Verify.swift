import Inbox

extension SQLiteStore: ExaminedStore {
  /// See `ExaminedStore.verify`. Reads the whole file, page by page; a page with a fault is looked at again by the thread
  /// that writes, and mended in the same transaction.
  public func verify(_ verification: Verification) async throws -> Verdict {
    var verdict = Verdict(named: verification.named)
    let faults = try await examine { try $0.structure() }
    let mended = verification.repairs ? try await mend(faults) : []
    for fault in faults {
      guard var found = fault.found else { continue }
      found.isMended = mended.contains(fault)
      verdict.faults.add(found)
    }
    // What is read of a damaged file may be anything: nothing of it is written.
    var verification = verification
    if verdict.faults.has(.file) { verification.repairs = false }
    if try await verifyContents(verification, besides: faults, &verdict) {
      try await recount(verification, &verdict)
    }
    return verdict
  }

  /// Verifies what the tables hold, of which the structure has these faults; false if they can't be read.
  func verifyContents(
    _ verification: Verification, besides faults: [SQLiteReport.Fault], _ verdict: inout Verdict
  ) async throws -> Bool {
    guard faults.allSatisfy({ !$0.isTable }) else { return false }
    do {
      if faults.contains(where: \.isOfKeys) { try await verifyKeys(&verdict) }
      try await verifyLogs(verification, &verdict)
      try await verifyMarks(verification, &verdict)
      return true
    } catch StoreError.damaged(let what) {
      // SQLite can't read on. It has said why, if its own check of the file found it too.
      if !verdict.faults.has(.file) { verdict.faults.add(Fault(.file, .other(what))) }
      return false
    }
  }

  /// Mends what is wrong with the schema, each fault by itself; returns what was mended.
  private func mend(_ faults: [SQLiteReport.Fault]) async throws -> [SQLiteReport.Fault] {
    var mended: [SQLiteReport.Fault] = []
    for fault in faults {
      let statements = DatabaseSchema.statements(mending: fault)
      guard !statements.isEmpty else { continue }
      do {
        try await write(size: 1 << 20) { _ in
          Decision(value: ()) { connection throws(StoreError) in
            for statement in statements { try connection.execute(statement) }
            try connection.forgetPast()
          }
        }
        mended.append(fault)
      } catch StoreError.damaged {
        // It stays as it is, and is reported so.
        continue
      }
    }
    return mended
  }

  /// Keys that occur twice: without the index that prevents it.
  private func verifyKeys(_ verdict: inout Verdict) async throws {
    let twins = try await examine { connection in
      try connection.translating { () throws(SQLiteError) in
        try connection.database.rows(DatabaseSchema.twins) { $0.anyInteger(0) }
      }
    }
    // Mended with the index.
    for twin in twins { verdict.faults.add(Fault(.keyTwice, .other("position \(twin)"))) }
  }

  private func verifyLogs(_ verification: Verification, _ verdict: inout Verdict) async throws {
    var walk = LogWalk(verification.judge, repairs: false)
    while !verification.isOver {
      let (next, step) = try await examine { [walk, repairs = verification.repairs] connection in
        var walk = walk
        let step = try Self.steps { () throws(StoreError) in
          let before = walk
          let step = try walk.step(connection)
          if repairs, !step.faults.isEmpty {
            walk = before
            return nil
          }
          return step
        }
        return (walk, step)
      }
      walk = next
      verdict.add(step)
      if step.isOver { return }
      if step.stops {
        // Who follows the log is told of it.
        let (next, step) = try await write(.logs(walk.names), size: 1 << 20) { [walk] connection in
          var walk = walk.going(on: true)
          let step = try walk.step(connection)
          return Decision(value: (walk.going(on: false), step)) { connection throws(StoreError) in
            try connection.mend(step.mends)
          }
        }
        walk = next
        verdict.add(step, mended: true)
      }
      verification.progress?(verdict.messages)
    }
    verdict.isComplete = false
  }

  private func verifyMarks(_ verification: Verification, _ verdict: inout Verdict) async throws {
    var walk = MarksWalk()
    while !verification.isOver {
      var (next, step) = try await examine { [walk] connection in
        var walk = walk
        let step = try walk.step(connection)
        return (walk, step)
      }
      let isMended = verification.repairs && !step.mends.isEmpty
      if isMended {
        (next, step) = try await write(.logs(step.inboxes), size: 1 << 20) { [walk] connection in
          var walk = walk
          let step = try walk.step(connection)
          return Decision(value: (walk, step)) { connection throws(StoreError) in
            try connection.mend(step.mends)
          }
        }
      }
      walk = next
      verdict.inboxes += step.logs
      for var fault in step.faults {
        fault.isMended = isMended && fault.isMendable
        verdict.faults.add(fault)
      }
      if step.isOver { return }
    }
    verdict.isComplete = false
  }

  /// Runs steps until they have read enough for one view; a nil step stops them.
  private static func steps(_ next: () throws(StoreError) -> LogWalk.Step?) throws(StoreError) -> LogWalk.Step
  {
    var all = LogWalk.Step()
    var count = 0
    while !all.isOver, all.messages < LogWalk.messagesTogether, count < LogWalk.messagesTogether {
      guard let step = try next() else {
        all.stops = true
        break
      }
      all.faults += step.faults
      all.logs += step.logs
      all.messages += step.messages
      all.isOver = step.isOver
      count += 1
    }
    return all
  }
}

extension Verdict {
  fileprivate mutating func add(_ step: LogWalk.Step, mended: Bool = false) {
    logs += step.logs
    messages += step.messages
    for var fault in step.faults {
      fault.isMended = mended && fault.isMendable
      faults.add(fault)
    }
  }
}

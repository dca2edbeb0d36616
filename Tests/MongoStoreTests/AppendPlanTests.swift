import Inbox
import Mongo
import Testing

@testable import MongoStore

/// The numbers and outcomes of a group of appends, without a server.
struct AppendPlanTests {
  private func plan(_ drafts: [(Draft, [LogName])]) -> AppendPlan {
    AppendPlan(drafts.map { Append(draft: $0.0, logs: $0.1) { _ in } })
  }

  private func keyed(_ key: Text, _ digest: [UInt8] = [1]) -> Draft {
    var draft = draft("x", key: key)
    draft.digest = digest
    return draft
  }

  private func holder(_ key: Text, _ digest: [UInt8] = [1], seq: Int) throws -> Holder {
    try Holder([
      "log": .binary(team.encoded), "user_id": "ann", "key": .string(key.string), "digest": .binary(digest),
      "seq": .int64(Int64(seq)), "time": .date(milliseconds: 7),
    ])
  }

  /// The messages of the next insert, once the heads are known.
  private func insert(
    _ plan: inout AppendPlan, at now: Timestamp = 0, _ heads: [LogName: Head] = [:]
  ) throws -> [Int] {
    var action = try plan.next(at: now)
    if case .readHeads(let logs) = action {
      #expect(Set(logs) == Set(heads.keys))
      for (log, head) in heads { plan.setHead(head, of: log) }
      action = try plan.next(at: now)
    }
    guard case .insert(let chunk) = action else {
      Issue.record("\(action)")
      return []
    }
    return chunk
  }

  /// The results, after the confirmation.
  private func finish(_ plan: inout AppendPlan) throws -> [Result<[Receipt], StoreError>] {
    var action = try plan.next(at: 0)
    if case .confirm = action {
      plan.confirmed()
      action = try plan.next(at: 0)
    }
    guard case .finish(let results) = action else {
      Issue.record("\(action)")
      return []
    }
    return results
  }

  private func tokens(_ plan: AppendPlan, _ indices: [Int]) throws -> [BSONObjectID] {
    try indices.map { try plan.document($0).get("_id").objectID() }
  }

  private func seqs(_ plan: AppendPlan, _ indices: [Int]) throws -> [Int64] {
    try indices.map { try plan.document($0).get("seq").int64() }
  }

  @Test func numbersFollowTheHeadAndTimesNeverGoBack() throws {
    var plan = plan([(draft("a"), [team]), (draft("b"), [.everyone, team]), (draft("c"), [team])])
    let before = Token.random(at: 0).id
    let chunk = try insert(
      &plan, at: 100, [team: Head(seq: 7, time: 500, token: before), .everyone: .none])
    #expect(try seqs(plan, chunk) == [8, 1, 9, 10])
    let times = try chunk.map { try plan.document($0).get("time").milliseconds() }
    #expect(times == [500, 100, 500, 500])
    let last = try plan.document(chunk[3]).get("_id").objectID()
    plan.inserted(.written)
    let action = try plan.next(at: 100)
    #expect(action == .confirm([before]))
    #expect(plan.cleanHeads[team] == Head(seq: 10, time: 500, token: last))
    #expect(plan.placesBefore == [team: before])
    let seqs = try finish(&plan).map { try $0.get().map(\.seq) }
    #expect(seqs == [[8], [1, 9], [10]])
  }

  @Test func keysAreTakenOutBeforeNumbering() throws {
    var plan = plan([
      (keyed("held"), [team]), (keyed("new"), [team]), (keyed("new"), [team]), (keyed("new", [2]), [team]),
      (keyed("held", [2]), [.everyone, team]), (draft("last"), [team]),
    ])
    let action = try plan.next(at: 0)
    #expect(action == .findHolders(plan.keys))
    let place = AppendPlan.KeyPlace(log: team, key: SenderKey(sender: "ann", key: "held"))
    plan.found([place: try holder("held", seq: 3)])
    let chunk = try insert(&plan, [team: Head(seq: 5, time: 0)])
    #expect(try seqs(plan, chunk) == [6, 7])
    plan.inserted(.written)
    let results = try finish(&plan)
    #expect(try results[0].get() == [Receipt(seq: 3, time: 7, duplicate: true)])
    #expect(try results[1].get() == [Receipt(seq: 6, time: 0, duplicate: false)])
    #expect(try results[2].get() == [Receipt(seq: 6, time: 0, duplicate: true)])
    #expect(results[3] == .failure(.conflict(team)))
    #expect(results[4] == .failure(.conflict(team)))
    #expect(try results[5].get().map(\.seq) == [7])
  }

  @Test func aLostRaceRenumbersThatLogOnly() throws {
    var plan = plan([(draft("a"), [team]), (draft("b"), [.everyone]), (draft("c"), [team])])
    let first = try insert(&plan, [team: Head(seq: 1, time: 0), .everyone: Head(seq: 1, time: 0)])
    let before = try tokens(plan, first)
    // At its number, the first append found another store's message: nothing after it was done.
    plan.inserted(.stopped(at: 0, .number))
    let look = try plan.next(at: 0)
    #expect(look == .readSlots(team, 2...3))
    plan.found([2: Token.random(at: 0).id], of: team, isLate: false)
    #expect(plan.cleanHeads.isEmpty)
    let chunk = try insert(&plan, [team: Head(seq: 9, time: 0)])
    #expect(try seqs(plan, chunk) == [10, 2, 11])
    #expect(try tokens(plan, chunk) == before)
    // Who loses again takes a lease before the next attempt.
    plan.inserted(.stopped(at: 0, .number))
    _ = try plan.next(at: 0)
    plan.found([10: Token.random(at: 0).id], of: team, isLate: false)
    let actions = [try plan.next(at: 0), try plan.next(at: 0)]
    #expect(actions == [.takeLease(team), .readHeads([team])])
  }

  @Test func whoLosesForTooLongGivesUp() throws {
    var plan = plan([(draft("a"), [team])])
    _ = try insert(&plan, [team: .none])
    plan.inserted(.stopped(at: 0, .number))
    _ = try plan.next(at: 0)
    plan.found([1: Token.random(at: 0).id], of: team, isLate: true)
    guard case .failure(.unavailable) = try finish(&plan)[0] else {
      _ = Issue.record("not given up")
      return
    }
  }

  @Test func anUnknownOutcomeIsSettledBySlots() throws {
    var plan = plan((1...4).map { (draft("\($0)"), [team]) })
    let chunk = try insert(&plan, [team: .none])
    let tokens = try tokens(plan, chunk)
    plan.inserted(.unknown)
    let look = try plan.next(at: 0)
    #expect(look == .readSlots(team, 1...4))
    // Two messages arrived; the empty slots settle nothing, and keep their numbers.
    plan.found([1: tokens[0], 2: tokens[1]], of: team, isLate: false)
    let pause = try plan.next(at: 0)
    #expect(pause == .pause)
    plan.paused(isLate: false)
    let again = try insert(&plan)
    #expect(try seqs(plan, again) == [3, 4])
    // Then another store took the third number: the append for it can't succeed any more.
    plan.inserted(.stopped(at: 0, .number))
    _ = try plan.next(at: 0)
    plan.found([3: Token.random(at: 0).id], of: team, isLate: false)
    plan.failed(.unavailable(""))
    let results = try finish(&plan)
    let seqs = try results[..<2].map { try $0.get()[0].seq }
    #expect(seqs == [1, 2])
    #expect(Array(results[2...]) == [.failure(.unavailable("")), .failure(.unavailable(""))])
  }

  @Test func whatMaySurfaceIsReportedAsUnknown() throws {
    var plan = plan([(draft("a"), [team]), (draft("b"), [.everyone])])
    _ = try insert(&plan, [team: .none, .everyone: .none])
    plan.inserted(.unknown)
    // The numbers can't be looked at: what may surface is worth waiting for.
    plan.failed(.unavailable("no primary"))
    let pause = try plan.next(at: 0)
    #expect(pause == .pause)
    plan.paused(isLate: true)
    let results = try finish(&plan)
    #expect(results == [.failure(.notConfirmed), .failure(.notConfirmed)])
  }

  @Test func whatWasNeverSentIsNotUnknown() throws {
    var plan = plan([(draft("a"), [team]), (draft("b"), [.everyone])])
    _ = try insert(&plan, [team: .none, .everyone: .none])
    plan.inserted(.failed(.unavailable("no primary")))
    let results = try finish(&plan)
    #expect(results == [.failure(.unavailable("no primary")), .failure(.unavailable("no primary"))])
  }

  @Test func aGroupWhoseKeysCannotBeLookedForIsNotBegun() throws {
    var plan = plan([(keyed("k"), [team]), (draft("b"), [team])])
    _ = try plan.next(at: 0)
    plan.failed(.unavailable("no primary"))
    let results = try finish(&plan)
    #expect(results == [.failure(.unavailable("no primary")), .failure(.unavailable("no primary"))])
  }

  /// A call to many logs is told which of them have the message, if not all do.
  @Test func aFailureInTheMiddleNamesWhatIsDone() throws {
    let logs: [LogName] = [.account("a"), .account("b"), .account("c")]
    var plan = plan([(draft("x"), logs), (draft("y"), [team])])
    _ = try insert(
      &plan, at: 5, Dictionary(uniqueKeysWithValues: (logs + [team]).map { ($0, Head.none) }))
    plan.inserted(.stopped(at: 2, .passing(.unavailable("no primary"))))
    let results = try finish(&plan)
    let done = Receipt(seq: 1, time: 5, duplicate: false)
    guard case .failure(.interrupted(let why, let receipts)) = results[0] else {
      _ = Issue.record("\(results[0])")
      return
    }
    #expect(receipts == [done, done, nil])
    #expect(why.hasPrefix("2 of 3 readers have the message") && why.hasSuffix("no primary"))
    #expect(results[1] == .failure(.unavailable("no primary")))
  }

  @Test func aLogIsFullBeforeItsNumbersRunOut() throws {
    var plan = plan([(draft("a"), [team]), (draft("b"), [team]), (draft("c"), [.everyone])])
    _ = try insert(&plan, [team: Head(seq: StoreBounds.largestNumber - 1, time: 0), .everyone: .none])
    plan.inserted(.written)
    let results = try finish(&plan)
    #expect(try results[0].get().map(\.seq) == [StoreBounds.largestNumber])
    #expect(throws: StoreError.self) { try results[1].get() }
    #expect(try results[2].get().map(\.seq) == [1])
  }

  @Test func whoHoldsOneKeyMayHoldManyOfAGroup() throws {
    var plan = plan(
      [(keyed("a"), [team]), (draft("b"), [team]), (keyed("c"), [team]), (keyed("d"), [team])])
    _ = try plan.next(at: 0)
    plan.found([:])
    _ = try insert(&plan, [team: .none])
    plan.inserted(.stopped(at: 0, .key))
    let look = try plan.next(at: 0)
    #expect(look == .findHolders(plan.keys))
    let holders = try [holder("a", seq: 1), holder("c", seq: 2), holder("d", seq: 3)]
    plan.found(Dictionary(uniqueKeysWithValues: holders.map { (.init(log: $0.log, key: $0.key), $0) }))
    // The remaining append comes after them.
    let chunk = try insert(&plan, [team: Head(seq: 3, time: 7)])
    #expect(try seqs(plan, chunk) == [4])
    plan.inserted(.written)
    let results = try finish(&plan)
    #expect(try results.map { try $0.get()[0].seq } == [1, 4, 2, 3])
    #expect(try results.map { try $0.get()[0].duplicate } == [true, false, true, true])
  }

  @Test func aKeyThatSurfacesLaterTakesItsMessageOut() throws {
    var plan = plan([(keyed("k"), [team]), (draft("b"), [team]), (keyed("c"), [team])])
    _ = try plan.next(at: 0)
    plan.found([:])
    _ = try insert(&plan, [team: .none])
    plan.inserted(.stopped(at: 0, .key))
    let k = AppendPlan.KeyPlace(log: team, key: SenderKey(sender: "ann", key: "k"))
    plan.found([k: try holder("k", seq: 1)])
    let chunk = try insert(&plan, [team: Head(seq: 1, time: 7)])
    #expect(try seqs(plan, chunk) == [2, 3])
    plan.inserted(.stopped(at: 1, .key))
    let c = AppendPlan.KeyPlace(log: team, key: SenderKey(sender: "ann", key: "c"))
    plan.found([c: try holder("c", [9], seq: 3)])
    let results = try finish(&plan)
    #expect(results[0] == .success([Receipt(seq: 1, time: 7, duplicate: true)]))
    #expect(results[2] == .failure(.conflict(team)))
  }

  @Test func aKeyWhoseHolderCannotBeReadIsTriedAgain() throws {
    var plan = plan([(keyed("k"), [team])])
    _ = try plan.next(at: 0)
    plan.found([:])
    _ = try insert(&plan, [team: .none])
    plan.inserted(.stopped(at: 0, .key))
    plan.found([:])
    let pause = try plan.next(at: 0)
    #expect(pause == .pause)
    plan.paused(isLate: false)
    let again = try insert(&plan)
    #expect(again == [0])
    plan.inserted(.stopped(at: 0, .key))
    plan.found([:])
    _ = try plan.next(at: 0)
    plan.paused(isLate: true)
    guard case .failure(.unavailable) = try finish(&plan)[0] else {
      _ = Issue.record("not given up")
      return
    }
  }

  /// Nothing is acknowledged unless it was confirmed.
  @Test(
    arguments: [
      (StoreError.replaced, AppendPlan.Withdrawal.strays), (.shortened, .all), (.lacksIndex, .doubled),
    ])
  func whatCannotBeConfirmedIsTakenBack(_ error: StoreError, _ withdrawal: AppendPlan.Withdrawal) throws {
    var plan = plan([(draft("a"), [team])])
    _ = try insert(&plan, [team: .none])
    plan.inserted(.written)
    _ = try plan.next(at: 0)
    plan.notConfirmed(.unavailable("no primary"), mayPass: true)
    let pause = try plan.next(at: 0)
    #expect(pause == .pause)
    plan.paused(isLate: false)
    let again = try plan.next(at: 0)
    #expect(again == .confirm([]))
    plan.notConfirmed(error, mayPass: false)
    let written = plan.newMessages
    let action = try plan.next(at: 0)
    #expect(action == .withdraw(withdrawal, written))
    let results = try finish(&plan)
    #expect(results == [.failure(.notConfirmedHere)])
  }

  @Test func chunksAreBounded() throws {
    var many = plan((0..<AppendPlan.messagesTogether + 5).map { _ in (draft("x"), [team]) })
    let first = try insert(&many, [team: .none])
    #expect(first.count == AppendPlan.messagesTogether)
    many.inserted(.written)
    #expect(try insert(&many).count == 5)
    let large = String(repeating: "x", count: 60_000)
    var heavy = plan((0..<300).map { _ in (draft(large), [team]) })
    #expect(
      try insert(&heavy, [team: .none]).count == (AppendPlan.bytesTogether - 1)
        / heavy.calls[0].draft.storedSize + 1)
  }
}

extension AppendPlan {
  fileprivate mutating func next(at now: Timestamp) throws -> Action {
    try next { () throws(StoreError) in now }
  }
}

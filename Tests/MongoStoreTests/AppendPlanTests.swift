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

  private func tokens(_ plan: AppendPlan, _ indices: [Int]) throws -> [BSONObjectID] {
    try indices.map { try plan.document($0).get("_id").objectID() }
  }

  private func seqs(_ plan: AppendPlan, _ indices: [Int]) throws -> [Int64] {
    try indices.map { try plan.document($0).get("seq").int64() }
  }

  @Test func numbersFollowTheHeadAndTimesNeverGoBack() throws {
    var plan = plan([(draft("a"), [team]), (draft("b"), [.everyone, team]), (draft("c"), [team])])
    plan.begin([:], at: 100)
    #expect(Set(plan.logsWithoutHead) == [team, .everyone])
    let before = Token.random(at: 0).id
    plan.setHead(.init(seq: 7, time: 500, token: before), of: team)
    plan.setHead(.none, of: .everyone)
    plan.place(at: 100)
    let chunk = plan.nextChunk(count: 10, bytes: 1 << 20)
    #expect(try seqs(plan, chunk) == [8, 1, 9, 10])
    let times = try chunk.map { try plan.document($0).get("time").milliseconds() }
    #expect(times == [500, 100, 500, 500])
    let last = try plan.document(chunk[3]).get("_id").objectID()
    plan.written(chunk)
    #expect(plan.isSettled)
    let seqs = try plan.results().map { try $0.get().map(\.seq) }
    #expect(seqs == [[8], [1, 9], [10]])
    #expect(plan.cleanHeads[team] == .init(seq: 10, time: 500, token: last))
    #expect(plan.tokensBefore == [before])
  }

  @Test func keysAreTakenOutBeforeNumbering() throws {
    var plan = plan([
      (keyed("held"), [team]), (keyed("new"), [team]), (keyed("new"), [team]), (keyed("new", [2]), [team]),
      (keyed("held", [2]), [.everyone, team]), (draft("last"), [team]),
    ])
    let place = AppendPlan.KeyPlace(log: team, key: SenderKey(sender: "ann", key: "held"))
    plan.begin([place: try holder("held", seq: 3)], at: 0)
    plan.setHead(.init(seq: 5, time: 0), of: team)
    plan.place(at: 0)
    let chunk = plan.nextChunk(count: 10, bytes: 1 << 20)
    #expect(try seqs(plan, chunk) == [6, 7])
    plan.written(chunk)
    let results = plan.results()
    #expect(try results[0].get() == [Receipt(seq: 3, time: 7, duplicate: true)])
    #expect(try results[1].get() == [Receipt(seq: 6, time: 0, duplicate: false)])
    #expect(try results[2].get() == [Receipt(seq: 6, time: 0, duplicate: true)])
    #expect(results[3] == .failure(.conflict(team)))
    #expect(results[4] == .failure(.conflict(team)))
    #expect(try results[5].get().map(\.seq) == [7])
  }

  @Test func aLostRaceRenumbersThatLogOnly() throws {
    var plan = plan([(draft("a"), [team]), (draft("b"), [.everyone]), (draft("c"), [team])])
    plan.begin([:], at: 0)
    plan.setHead(.init(seq: 1, time: 0), of: team)
    plan.setHead(.init(seq: 1, time: 0), of: .everyone)
    plan.place(at: 0)
    let before = try tokens(plan, plan.nextChunk(count: 10, bytes: 1 << 20))
    // At its number, the first append found another store's message: nothing after it was done.
    let isLost1 = plan.settle(team, [2: Token.random(at: 0).id])
    #expect(isLost1)
    #expect(plan.logsWithoutHead == [team])
    #expect(plan.cleanHeads.isEmpty)
    plan.setHead(.init(seq: 9, time: 0), of: team)
    plan.place(at: 0)
    let chunk = plan.nextChunk(count: 10, bytes: 1 << 20)
    #expect(try seqs(plan, chunk) == [10, 2, 11])
    #expect(try tokens(plan, chunk) == before)
  }

  @Test func anUnknownOutcomeIsSettledBySlots() throws {
    var plan = plan((1...4).map { (draft("\($0)"), [team]) })
    plan.begin([:], at: 0)
    plan.setHead(.none, of: team)
    plan.place(at: 0)
    let chunk = plan.nextChunk(count: 10, bytes: 1 << 20)
    let tokens = try tokens(plan, chunk)
    plan.unknown(chunk)
    // Two messages arrived; the empty slots settle nothing, and keep their numbers.
    let isLost2 = plan.settle(team, [1: tokens[0], 2: tokens[1]])
    #expect(!isLost2)
    #expect(plan.maySurface)
    #expect(try seqs(plan, plan.nextChunk(count: 10, bytes: 1 << 20)) == [3, 4])
    // Then another store took the third number: the append for it can't succeed any more.
    let isLost3 = plan.settle(team, [3: Token.random(at: 0).id])
    #expect(isLost3)
    #expect(!plan.maySurface)
    plan.giveUp(.unavailable(""))
    let results = plan.results()
    let seqs = try results[..<2].map { try $0.get()[0].seq }
    #expect(seqs == [1, 2])
    #expect(Array(results[2...]) == [.failure(.unavailable("")), .failure(.unavailable(""))])
  }

  @Test func whatMaySurfaceIsReportedAsUnknown() throws {
    var plan = plan([(draft("a"), [team]), (draft("b"), [.everyone])])
    plan.begin([:], at: 0)
    plan.setHead(.none, of: team)
    plan.place(at: 0)
    plan.unknown(plan.nextChunk(count: 10, bytes: 1 << 20))
    plan.giveUp(.unavailable("no primary"))
    #expect(plan.results() == [.failure(.notConfirmed), .failure(.unavailable("no primary"))])
  }

  /// A call to many logs is told which of them have the message, if not all do.
  @Test func aFailureInTheMiddleNamesWhatIsDone() throws {
    let logs: [LogName] = [.account("a"), .account("b"), .account("c")]
    for (what, isUnknown) in [("not confirmed", true), ("no primary", false)] {
      var plan = plan([(draft("x"), logs), (draft("y"), [team])])
      plan.begin([:], at: 5)
      for log in logs + [team] { plan.setHead(.none, of: log) }
      plan.place(at: 5)
      let chunk = plan.nextChunk(count: 10, bytes: 1 << 20)
      plan.written(chunk.prefix(2))
      if isUnknown { plan.unknown(chunk.dropFirst(2)) }
      plan.giveUp(.unavailable("no primary"))
      let done = Receipt(seq: 1, time: 5, duplicate: false)
      guard case .failure(.interrupted(let why, let receipts)) = plan.results()[0] else {
        Issue.record("\(plan.results()[0])")
        continue
      }
      #expect(receipts == [done, done, nil])
      #expect(why.hasPrefix("2 of 3 readers have the message") && (isUnknown || why.hasSuffix(what)))
      #expect(plan.results()[1] == .failure(isUnknown ? .notConfirmed : .unavailable("no primary")))
    }
  }

  @Test func aLogIsFullBeforeItsNumbersRunOut() throws {
    var plan = plan([(draft("a"), [team]), (draft("b"), [team]), (draft("c"), [.everyone])])
    plan.begin([:], at: 0)
    plan.setHead(.init(seq: StoreBounds.largestNumber - 1, time: 0), of: team)
    plan.setHead(.none, of: .everyone)
    plan.place(at: 0)
    plan.written(plan.nextChunk(count: 10, bytes: 1 << 20))
    let results = plan.results()
    #expect(try results[0].get().map(\.seq) == [StoreBounds.largestNumber])
    #expect(throws: StoreError.self) { try results[1].get() }
    #expect(try results[2].get().map(\.seq) == [1])
  }

  @Test func whoHoldsOneKeyMayHoldManyOfAGroup() throws {
    var plan = plan(
      [(keyed("a"), [team]), (draft("b"), [team]), (keyed("c"), [team]), (keyed("d"), [team])])
    plan.begin([:], at: 0)
    plan.setHead(.none, of: team)
    plan.place(at: 0)
    let holders = try [holder("a", seq: 1), holder("c", seq: 2), holder("d", seq: 3)]
    plan.held(
      by: Dictionary(uniqueKeysWithValues: holders.map { (.init(log: $0.log, key: $0.key), $0) }), refused: 0)
    #expect(plan.results()[0] == .success([Receipt(seq: 1, time: 7, duplicate: true)]))
    #expect(plan.results()[2] == .success([Receipt(seq: 2, time: 7, duplicate: true)]))
    #expect(plan.results()[3] == .success([Receipt(seq: 3, time: 7, duplicate: true)]))
    // The remaining appends come after them.
    plan.setHead(.init(seq: 3, time: 7), of: team)
    plan.place(at: 0)
    #expect(try seqs(plan, plan.nextChunk(count: 10, bytes: 1 << 20)) == [4])
  }

  @Test func aKeyThatSurfacesLaterTakesItsMessageOut() throws {
    var plan = plan([(keyed("k"), [team]), (draft("b"), [team]), (keyed("c"), [team])])
    plan.begin([:], at: 0)
    plan.setHead(.none, of: team)
    plan.place(at: 0)
    plan.held(0, by: try holder("k", seq: 1))
    plan.setHead(.init(seq: 1, time: 7), of: team)
    plan.place(at: 0)
    let chunk = plan.nextChunk(count: 10, bytes: 1 << 20)
    #expect(try seqs(plan, chunk) == [2, 3])
    plan.held(2, by: try holder("c", [9], seq: 2))
    #expect(plan.results()[0] == .success([Receipt(seq: 1, time: 7, duplicate: true)]))
    #expect(plan.results()[2] == .failure(.conflict(team)))
  }

  @Test func chunksAreBounded() {
    var plan = plan((1...10).map { _ in (draft(String(repeating: "x", count: 1000)), [team]) })
    plan.begin([:], at: 0)
    plan.setHead(.none, of: team)
    plan.place(at: 0)
    #expect(plan.nextChunk(count: 3, bytes: 1 << 20).count == 3)
    #expect(plan.nextChunk(count: 100, bytes: 5000).count == 4)
  }
}

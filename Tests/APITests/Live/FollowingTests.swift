import Inbox
import JSONRPC
import Testing

@testable import API

/// What a `Following` decides: who is looked at when, whatever happens in between.
@Suite struct FollowingTests {
  static let now = ContinuousClock.now
  static let bo = Inbox(user: "bo", team: "t")
  static let cy = Inbox(user: "cy", team: "t")
  static let elsewhere = Inbox(user: "bo", team: "u")
  static let account = Inbox(user: "bo")

  static func position(_ inbox: Inbox, past: Int = 0) throws -> Position {
    Position(cursor: try ChangeCursor(InboxState(inbox: inbox), NoReader()), past: past)
  }

  static func starts(
    _ inboxes: [Inbox], looks: Bool = false
  ) throws -> [(position: Position, counts: InboxState.Counts, looks: Bool)] {
    try inboxes.map { (try position($0), InboxState.Counts(), looks) }
  }

  /// Adds a follower and starts it.
  static func follow(
    _ following: inout Following, _ inboxes: [Inbox], _ purpose: Follower.Purpose = .messages
  ) throws -> Follower {
    let follower = following.add(inboxes, purpose)
    following.start(follower.id, try starts(inboxes))
    return follower
  }

  /// The inboxes that the next step looks at, by their own logs.
  static func looks(
    _ following: inout Following, at time: ContinuousClock.Instant = now, hasRoom: Bool = true
  )
    -> [Following.Item]
  {
    guard case .look(let items) = following.step(now: time, hasRoom: hasRoom) else { return [] }
    return items
  }

  static func finish(
    _ following: inout Following, _ items: [Following.Item], _ outcome: (Following.Item) -> Following.Outcome
  ) {
    following.finish(items, items.map(outcome), now: now)
  }

  static func nothing(_ item: Following.Item) -> Following.Outcome { .nothing(item.position) }

  @Test(arguments: [
    (Wake.logs([bo.shared]), ["bo", "cy"]), (.logs([bo.own]), ["bo"]), (.logs([cy.own]), ["cy"]),
    (.logs([elsewhere.shared]), []), (.logs([bo.own, cy.own, bo.shared]), ["bo", "cy"]),
    (.everything, ["account", "bo", "cy"]), (.logs([LogName.everyone]), ["account"]),
  ])
  func aWakeMarksThoseWhomItConcerns(_ wake: Wake, _ names: [String]) throws {
    var following = Following()
    let named = ["bo": Self.bo, "cy": Self.cy, "account": Self.account]
    for inbox in named.values { _ = try Self.follow(&following, [inbox]) }
    #expect(!following.hasWork)
    following.hear(wake)
    let items = Self.looks(&following)
    #expect(items.map(\.own).sorted() == names.map { named[$0]!.own }.sorted())
    #expect(Self.looks(&following).isEmpty, "what is being looked at is not looked at again")
  }

  @Test func nobodyIsToldBeforeTheAnswerAndNothingIsMissed() throws {
    var following = Following()
    let follower = following.add([Self.bo, Self.elsewhere], .messages)
    following.hear(.logs([Self.bo.shared]))
    #expect(Self.looks(&following).isEmpty)
    following.start(follower.id, try Self.starts([Self.bo, Self.elsewhere]))
    #expect(Self.looks(&following).map(\.own) == [Self.bo.own])
  }

  @Test func aWakeDuringALookIsNotMissed() throws {
    var following = Following()
    _ = try Self.follow(&following, [Self.bo])
    following.hear(.logs([Self.bo.own]))
    let items = Self.looks(&following)
    following.hear(.everything)
    #expect(Self.looks(&following).isEmpty)
    Self.finish(&following, items, Self.nothing)
    #expect(Self.looks(&following).count == 1)
  }

  @Test func manyWakesAreOneLook() throws {
    var following = Following()
    _ = try Self.follow(&following, [Self.bo, Self.elsewhere])
    for _ in 0..<1_000 {
      following.hear(.everything)
      following.hear(.logs([Self.bo.shared]))
    }
    let items = Self.looks(&following)
    #expect(items.count == 2)
    Self.finish(&following, items, Self.nothing)
    #expect(!following.hasWork)
  }

  @Test func whoHasMoreGoesToTheEndOfTheQueue() throws {
    var following = Following()
    let inboxes = (0...Following.batch).map { Inbox(user: Text("u\($0)"), team: "t") }
    _ = try Self.follow(&following, inboxes)
    following.hear(.logs([inboxes[0].shared]))
    let first = Self.looks(&following)
    #expect(first.count == Following.batch)
    // The first has more to tell; there was no room for the last two.
    following.finish(
      first,
      first.indices.map { index in
        index == 0
          ? .told(first[0].position, InboxState.Counts(), more: true)
          : index < first.count - 2 ? .nothing(first[index].position) : .notLooked
      }, now: Self.now)
    let known = Set(first.map(\.own))
    let last = inboxes.filter { !known.contains($0.own) }.map(\.own)
    let rest = Self.looks(&following).map(\.own)
    #expect(rest == first.suffix(2).map(\.own) + last + [first[0].own] && last.count == 1)
  }

  @Test func withoutRoomOnlyCallsGoOn() throws {
    var following = Following()
    _ = try Self.follow(&following, [Self.bo])
    let call = try Self.follow(&following, [Self.cy], .call)
    following.hear(.logs([Self.bo.shared]))
    #expect(Self.looks(&following, hasRoom: false).map(\.own) == [Self.cy.own])
    guard case .awaitRoom = following.step(now: Self.now, hasRoom: false) else {
      Issue.record("the subscription waits for room")
      return
    }
    #expect(Self.looks(&following).map(\.own) == [Self.bo.own])
    #expect(call.id < 0 && following.subscriptionCount == 1 && following.inboxes == 2)
  }

  @Test func countsComeAtMostTenTimesASecond() throws {
    var following = Following()
    _ = try Self.follow(&following, [Self.bo], .counts)
    func told(_ item: Following.Item) -> Following.Outcome {
      .told(item.position, InboxState.Counts(), more: false)
    }
    following.hear(.everything)
    Self.finish(&following, Self.looks(&following), told)
    following.hear(.everything)
    #expect(Self.looks(&following).isEmpty)
    guard case .sleep(let time) = following.step(now: Self.now, hasRoom: true) else {
      Issue.record("there is something to wait for")
      return
    }
    #expect(time == Self.now + Following.countsPause)
    let items = Self.looks(&following, at: time)
    #expect(items.count == 1)
    Self.finish(&following, items, Self.nothing)
    // What was not told needs no pause.
    following.hear(.everything)
    #expect(Self.looks(&following, at: time).count == 1)
  }

  @Test func whatCannotBeReadIsTriedAgainLater() throws {
    var following = Following()
    _ = try Self.follow(&following, [Self.bo])
    following.hear(.everything)
    Self.finish(&following, Self.looks(&following)) { _ in .faulty }
    guard case .sleep(let time) = following.step(now: Self.now, hasRoom: true) else {
      Issue.record("there is something to wait for")
      return
    }
    #expect(Self.looks(&following, at: time).count == 1)
  }

  /// One inbox that fails is soon looked at without the others, and the others without it.
  @Test func whatFailedIsLookedAtWithFewer() throws {
    var following = Following()
    let inboxes = (0..<Following.batch).map { Inbox(user: Text("u\($0)"), team: "t") }
    let bad = inboxes[700].own
    _ = try Self.follow(&following, inboxes)
    following.hear(.everything)
    var (told, looks, isAlone) = (Set<LogName>(), 0, false)
    while !isAlone || told.count < inboxes.count - 1 {
      let items = Self.looks(&following)
      let fails = items.contains { $0.own == bad }
      if fails { isAlone = items.count == 1 } else { told.formUnion(items.map(\.own)) }
      following.finish(items, items.map { fails ? .failed : .nothing($0.position) }, now: Self.now)
      looks += 1
      try #require(looks < 100)
    }
    #expect(following.most == 1)
    for _ in 0..<10 {
      Self.finish(&following, Self.looks(&following), Self.nothing)
      following.hear(.everything)
    }
    #expect(Self.looks(&following).count == Following.batch)
  }

  @Test func callsThatAreReleasedLookByThemselves() throws {
    var following = Following()
    let call = try Self.follow(&following, [Self.bo, Self.cy], .call)
    let ended = try Self.follow(&following, [Self.account], .call)
    _ = try Self.follow(&following, [Self.bo])
    following.hear(.everything)
    Self.finish(&following, Self.looks(&following)) { _ in .failed }
    let hasEnded = following.end(ended.id)
    let released = following.releaseCalls().map(\.id)
    #expect(hasEnded && released == [call.id, call.id])
    #expect(Self.looks(&following).allSatisfy { $0.follower.purpose == .messages })
    following.start(call.id, try Self.starts([Self.bo, Self.cy], looks: true))
    let items = Self.looks(&following)
    #expect(items.map(\.own) == [Self.bo.own, Self.cy.own])
    // A call for which something can't be read was woken: it is left alone until it comes again.
    Self.finish(&following, items) { _ in .faulty }
    guard case .rest = following.step(now: Self.now, hasRoom: false) else {
      Issue.record("nothing is left for the call")
      return
    }
  }

  @Test func aCallSaysByItselfHowFarItIs() throws {
    var following = Following()
    let call = try Self.follow(&following, [Self.bo], .call)
    following.hear(.everything)
    let items = Self.looks(&following)
    let later = try Self.position(Self.bo, past: 7)
    following.start(call.id, [(later, InboxState.Counts(), true)])
    Self.finish(&following, items, Self.nothing)
    #expect(Self.looks(&following).map(\.position) == [later])
  }

  @Test func nothingIsLeftOfThoseWhoEnd() throws {
    var following = Following()
    var random = SystemRandomNumberGenerator()
    var followers: [Follower] = []
    var looking: [Following.Item] = []
    for step in 0..<2_000 {
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1:
        let inboxes = [Self.bo, Self.cy, Self.elsewhere, Self.account].shuffled().prefix(.random(in: 1...4))
        let purpose = [Follower.Purpose.messages, .counts, .call].randomElement()!
        if Bool.random() {
          followers.append(try Self.follow(&following, Array(inboxes), purpose))
        } else {
          followers.append(following.add(Array(inboxes), purpose))
        }
      case 2:
        following.hear([.everything, .logs([Self.bo.shared]), .logs([Self.account.own])].randomElement()!)
      case 3 where looking.isEmpty:
        looking = Self.looks(&following, at: Self.now + .milliseconds(step), hasRoom: .random())
      case 4:
        following.finish(
          looking,
          looking.map {
            [
              .told($0.position, .init(), more: .random()), .nothing($0.position), .notLooked, .faulty,
              .failed,
            ]
            .randomElement()!
          }, now: Self.now + .milliseconds(step))
        looking = []
      default:
        guard let index = followers.indices.randomElement() else { continue }
        let hasEnded = following.end(followers.remove(at: index).id)
        #expect(hasEnded)
      }
    }
    for follower in followers {
      let (first, second) = (following.end(follower.id), following.end(follower.id))
      #expect(first && !second)
    }
    #expect(following.isEmpty && following.inboxes == 0)
    Self.finish(&following, looking, Self.nothing)
    while !Self.looks(&following, at: Self.now + .seconds(3_600)).isEmpty {}
    #expect(following.entries.isEmpty && !following.hasWork)
    #expect(following.pausing.isEmpty && following.faulty.isEmpty)
  }

  @Test func limits() throws {
    var limits = FollowingLimits()
    (limits.subscriptions, limits.inboxes) = (2, 3)
    var following = Following()
    _ = try Self.follow(&following, [Self.bo, Self.cy])
    #expect(following.refusal(limits, adding: 1) == nil)
    #expect(following.refusal(limits, adding: 2)?.retryable == true)
    // More than there is room for in all.
    let tooMany = following.refusal(limits, adding: 4)
    #expect(tooMany?.kind == .limitReached && tooMany?.retryable == false)
    let call = try Self.follow(&following, [Self.account], .call)
    #expect(following.refusal(limits, adding: 0)?.kind == .limitReached)
    _ = following.end(call.id)
    #expect(following.refusal(limits, adding: 1) == nil)
  }
}

/// A reader that is asked for nothing.
struct NoReader: StoreReader {
  struct Asked: Error {}

  var past: Int { 0 }
  var now: Timestamp { get throws { throw Asked() } }
  func states(of inboxes: [Inbox]) throws -> [InboxState] { throw Asked() }
  func messages(in log: LogName, _ numbers: SequenceSet) throws -> [Message] { throw Asked() }
  func times(in log: LogName, _ numbers: [Int]) throws -> [Timestamp] { throw Asked() }
  func tokens(in log: LogName, _ numbers: [Int]) throws -> [UInt64] { throw Asked() }
  func last(in log: LogName, notAfter time: Timestamp) throws -> Int { throw Asked() }
  func numbers(
    in log: LogName, where field: MessageField, from first: Int, through last: Int
  ) throws -> SequenceSet { throw Asked() }
  func logs(after name: LogName?, limit: Int) throws -> [LogName] { throw Asked() }
  func inboxes(after inbox: Inbox?, limit: Int) throws -> [Inbox] { throw Asked() }
  func logs(_ names: [LogName]) throws -> [LogState] { throw Asked() }
  func marks(of inboxes: [Inbox]) throws -> [Marks] { throw Asked() }
  func held(_ keys: [SenderKey], in log: LogName) throws -> Set<SenderKey> { throw Asked() }
  func entries(in log: LogName, from first: Int, limit: Int) throws -> [LogEntry] { throw Asked() }
}

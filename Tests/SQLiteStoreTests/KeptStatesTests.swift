import Inbox
import Testing

@testable import SQLiteStore

/// What is kept of states.
struct KeptStatesTests {
  private static func kept(_ inbox: Inbox, at moment: Int) -> KeptInbox {
    KeptInbox(state: InboxState(inbox: inbox), shared: 1, own: 2, moment: moment)
  }

  @Test func aStateIsOfItsMoment() {
    var kept = KeptStates()
    kept.keep(Self.kept(bob, at: 3))
    for moment in [2, 3, 4] {
      let state = kept.state(of: bob, at: moment)
      #expect((state != nil) == (moment == 3))
    }
    // What is of another moment helps to read it again.
    #expect(kept.inbox(bob)?.moment == 3)
    kept.keep(Self.kept(bob, at: 4))
    let (old, new) = (kept.state(of: bob, at: 3), kept.state(of: bob, at: 4))
    #expect(old == nil && new != nil)
    kept.forget()
    #expect(kept.inbox(bob) == nil)
  }

  @Test func whatTheReaderSentIsKnownFromItsMarksToTheHead() {
    var state = InboxState(inbox: bob)
    state.shared = LogState(head: 9, sent: SequenceSet(numbers: [4, 7]))
    let kept = KeptInbox(state: state, shared: 5, own: 6, moment: 1)
    let sent = [kept.sent(.shared), kept.sent(.own)]
    #expect(sent.map(\.through) == [9, 0] && sent.map(\.line) == [5, 6] && sent.map(\.after) == [0, 0])
    #expect(sent.map(\.numbers) == [SequenceSet(numbers: [4, 7]), SequenceSet()])
  }

  @Test func theLeastRecentlyUsedGoesFirst() {
    var kept = KeptStates()
    let carl = Inbox(user: "carl", team: "t")
    for inbox in [bob, carl] { kept.keep(Self.kept(inbox, at: 1)) }
    for n in 0..<20_000 {
      kept.keep(Self.kept(Inbox(user: Text("user \(n)"), team: "t"), at: 1))
      guard n % 1000 == 0 else { continue }
      let used = kept.state(of: bob, at: 1)
      #expect(used != nil)
    }
    #expect(kept.inbox(carl) == nil)
  }

  @Test func oneThatIsAsLargeAsManyDrivesOutNone() {
    var kept = KeptStates()
    kept.keep(Self.kept(bob, at: 1))
    let large = Inbox(user: "large", team: "t")
    var state = InboxState(inbox: large)
    state.shared.sent = SequenceSet(numbers: (1...KeptStates.inboxBytes / 24).map { 2 * $0 })
    kept.keep(KeptInbox(state: state, shared: 1, own: 1, moment: 1))
    #expect(kept.inbox(bob) != nil && kept.inbox(large) == nil)
  }
}

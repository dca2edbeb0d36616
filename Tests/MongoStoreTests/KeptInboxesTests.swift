import Inbox
import Mongo
import Testing

@testable import MongoStore

/// States hold while nothing is committed, and the question whether that is so is asked where it helps.
struct KeptInboxesTests {
  private static let processes = (1...2).map { BSONObjectID(high: $0, low: 0) }

  private func point(_ time: UInt64, process: Int = 0) -> MongoCommitPoint {
    MongoCommitPoint(process: Self.processes[process], time: MongoClusterTime(value: time))
  }

  private func found(_ inbox: Inbox, head: Int) -> KeptInbox {
    KeptInbox(state: InboxState(inbox: inbox, shared: LogState(head: head), own: LogState()))
  }

  private func heads(_ kept: KeptInboxes, _ inboxes: [Inbox?], at point: MongoCommitPoint?) -> [Int?] {
    kept.look(inboxes, at: point).map { $0?.state.shared.head }
  }

  @Test func aStateHoldsUntilSomethingIsCommitted() {
    let kept = KeptInboxes()
    let ann = Inbox(user: "ann", team: "t")
    #expect(heads(kept, [bob], at: point(5)) == [nil])
    kept.keep([found(bob, head: 3)], point(7))
    kept.keep([found(ann, head: 2)], point(5))
    #expect(heads(kept, [ann], at: point(5)) == [2])
    #expect(heads(kept, [bob, ann], at: point(7)) == [3, nil])
    #expect(heads(kept, [bob, ann], at: point(8)) == [nil, nil])
    kept.keep([found(bob, head: 4)], point(8))
    #expect(heads(kept, [bob], at: point(8)) == [4])
  }

  @Test func anotherProcessMayHaveAnotherPast() {
    let kept = KeptInboxes()
    _ = heads(kept, [bob], at: point(5))
    kept.keep([found(bob, head: 3)], point(5))
    #expect(heads(kept, [bob], at: point(2, process: 1)) == [nil])
    #expect(kept.process == Self.processes[1])
  }

  /// As by an image of the server's machine, memory and all.
  @Test func aServerThatWasSetBackHasAnotherPast() {
    let kept = KeptInboxes()
    _ = heads(kept, [bob], at: point(5))
    kept.keep([found(bob, head: 3)], point(7))
    #expect(kept.isWorthAsking(for: [bob]))
    #expect(heads(kept, [bob], at: point(6)) == [nil])
  }

  /// Large messages are not read together with what others want, though none came with the state.
  @Test func theSizeOfMessagesIsKept() {
    let kept = KeptInboxes()
    _ = heads(kept, [bob], at: point(5))
    var inbox = found(bob, head: 3)
    inbox.sizeShared = 40_000
    kept.keep([inbox], point(5))
    kept.keep([found(bob, head: 4)], point(6))
    let sizes = kept.look([bob], at: point(6)).map { $0.map { FoundInbox($0).shared.averageSize } }
    #expect(sizes == [40_000])
  }

  @Test func whatIsNoStateIsNotLookedUp() {
    let kept = KeptInboxes()
    #expect(!kept.isWorthAsking(for: [nil, nil]))
    #expect(heads(kept, [nil], at: point(1)) == [nil])
  }

  @Test func itIsAskedWhereStatesMayHold() {
    let kept = KeptInboxes()
    // At first nobody knows.
    #expect(kept.isWorthAsking(for: [bob]))
    _ = heads(kept, [bob], at: point(5))
    #expect(!kept.isWorthAsking(for: [bob]))
    kept.keep([found(bob, head: 3)], point(5))
    #expect(kept.isWorthAsking(for: [bob]))
    // Half of a group is enough.
    let other = Inbox(user: "cid", team: "t")
    #expect(kept.isWorthAsking(for: [other, bob]))
    #expect(!kept.isWorthAsking(for: [other, bob, nil]))
    // What is known to be old is not asked about.
    _ = heads(kept, [bob], at: point(6))
    #expect(!kept.isWorthAsking(for: [bob]))
  }

  @Test func serversThatTellNoneAreAskedOnce() {
    let kept = KeptInboxes()
    #expect(kept.isWorthAsking(for: [bob]))
    #expect(heads(kept, [bob], at: nil) == [nil])
    #expect(!kept.isWorthAsking(for: [bob]))
  }

  @Test func whatWasOfNoUseIsAskedMoreSeldom() {
    var asking = Asking()
    var skips: [Int] = []
    for _ in 0..<9 {
      asking.note(false)
      var skipped = 0
      while !asking.isWorthIt() { skipped += 1 }
      skips.append(skipped)
    }
    #expect(skips == [1, 2, 4, 8, 16, 32, 64, 64, 64])
    asking.note(true)
    #expect(asking.isWorthIt() && asking.isWorthIt())
    asking.note(false)
    #expect(!asking.isWorthIt() && asking.isWorthIt())
  }

  @Test func largeStatesAreNotKept() {
    let kept = KeptInboxes()
    _ = heads(kept, [bob], at: point(5))
    var state = InboxState(inbox: bob, shared: LogState(), own: LogState())
    state.shared.sent = SequenceSet(numbers: (0...KeptInboxes.bytes / 48).map { 2 * $0 + 1 })
    kept.keep([KeptInbox(state: state)], point(5))
    #expect(heads(kept, [bob], at: point(5)) == [nil])
  }
}

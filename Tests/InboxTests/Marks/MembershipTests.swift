import Inbox
import Testing

/// A table of joining and leaving: the steps, then the visible part of a log of ten messages.
@Suite struct MembershipTests {
  enum Step: Sendable {
    case join(at: Int)
    case joinFromStart(at: Int)
    case leave(at: Int)
  }

  @Test(
    arguments: [
      ([], "1:10", .none),
      ([.join(at: 4)], "5:10", .member),
      ([.join(at: 10)], "", .member),
      ([.joinFromStart(at: 4)], "1:10", .member),
      ([.leave(at: 4)], "1:4", .left),
      ([.leave(at: 0)], "", .left),
      ([.leave(at: 4), .leave(at: 6)], "1:4", .left),
      ([.leave(at: 4), .join(at: 6)], "1:4,7:10", .member),
      ([.leave(at: 4), .join(at: 4)], "1:10", .member),
      ([.join(at: 2), .join(at: 6)], "3:10", .member),
      ([.join(at: 2), .leave(at: 5), .join(at: 8)], "3:5,9:10", .member),
      ([.join(at: 2), .leave(at: 2)], "", .left),
      ([.join(at: 2), .leave(at: 5), .joinFromStart(at: 8)], "1:10", .member),
      ([.join(at: 2), .joinFromStart(at: 3), .leave(at: 9)], "1:9", .left),
    ] as [([Step], String, Membership.Standing)])
  func visibleAfter(_ steps: [Step], _ visible: String, _ standing: Membership.Standing) throws {
    var state = InboxState(inbox: Inbox(user: "bo", team: "blue"))
    for step in steps {
      switch step {
      case .join(let head):
        state.shared.head = head
        state.join(from: .now)
      case .joinFromStart(let head):
        state.shared.head = head
        state.join(from: .start)
      case .leave(let head):
        state.shared.head = head
        state.leave()
      }
    }
    state.shared.head = 10
    #expect(state.visible(.shared).description == visible)
    #expect(state.marks.membership.standing == standing)
    #expect(
      try Marks(version: 3, stamp: 0, encoded: state.marks.encoded).membership == state.marks.membership)
  }

  @Test func theOwnLogIsAlwaysVisible() {
    var state = InboxState(inbox: Inbox(user: "bo", team: "blue"), own: LogState(head: 3))
    state.leave()
    #expect(state.visible(.own) == SequenceSet(1, through: 3))
  }
}

import Inbox
import JSONRPC

/// Joins the readers of announcements.
struct JoinAccount: MembershipMethod {
  static let name: StaticString = "join_account"
  static let summary = "Opens a reader's account: announcements sent from now on, or all, are visible."
  static let parameters: [any ParameterDescription] = [Common.userID, Common.from]
  static let example = Example(
    params: #"{"user_id":"bo"}"#, result: #"{"joined":true}"#)

  let inbox: Inbox
  let from: Membership.Start?

  init(_ arguments: Arguments) throws(RPCError) {
    inbox = Inbox(user: try arguments(Common.userID))
    from = try arguments(Common.from)
  }

  var claims: [Claim] { .accountInbox(inbox) }
}

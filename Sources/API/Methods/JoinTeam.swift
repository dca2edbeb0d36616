import Inbox
import JSONRPC

/// Joins a team.
struct JoinTeam: MembershipMethod {
  static let name: StaticString = "join_team"
  static let summary =
    "Makes a reader a member of a team: messages sent from now on, or all, are visible."
  static let parameters: [any ParameterDescription] = [Common.teamID, Common.userID, Common.from]
  static let example = Example(
    params: #"{"team_id":"blue","user_id":"bo","from":"start"}"#, result: #"{"joined":true}"#)

  let inbox: Inbox
  let from: Membership.Start?

  init(_ arguments: Arguments) throws(RPCError) {
    let team = try arguments(Common.teamID)
    inbox = Inbox(user: try arguments(Common.userID), team: team)
    from = try arguments(Common.from)
  }

  var claims: [Claim] { .teamInbox(inbox) }
}

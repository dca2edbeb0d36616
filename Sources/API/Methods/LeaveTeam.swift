import Inbox
import JSONRPC

/// Leaves a team.
struct LeaveTeam: MembershipMethod {
  static let name: StaticString = "leave_team"
  static let summary = "Ends a reader's membership of a team: messages sent from now on are hidden."
  static let parameters: [any ParameterDescription] = [Common.teamID, Common.userID]
  static let example = Example(
    params: #"{"team_id":"blue","user_id":"bo"}"#, result: #"{"joined":false}"#)

  let inbox: Inbox
  var from: Membership.Start? { nil }

  init(_ arguments: Arguments) throws(RPCError) {
    let team = try arguments(Common.teamID)
    inbox = Inbox(user: try arguments(Common.userID), team: team)
  }

  var claims: [Claim] { .teamInbox(inbox) }
}

import Inbox
import JSONRPC

extension Arguments {
  /// The inbox that `user_id` names with `team_id`, or without it.
  func inbox() throws(RPCError) -> Inbox {
    let user = try self(Common.userID)
    return Inbox(user: user, team: try self(Common.teamID.optional))
  }
}

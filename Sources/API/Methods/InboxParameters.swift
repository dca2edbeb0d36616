import Inbox
import JSONRPC

extension Arguments {
  /// The inbox that `user_id` names, together with `team_id` if that is given.
  func inbox() throws(RPCError) -> Inbox {
    let user = try self(Common.userID)
    return Inbox(user: user, team: try self(Common.teamID.optional))
  }
}

import Inbox
import JSON
import JSONRPC

/// Joins a team.
struct JoinTeam: Method {
  static let deed = Deed.change
  static let name: StaticString = "join_team"
  static let summary =
    "Makes a reader a member of a team: messages sent from now on, or all, are visible."
  static let parameters: [any ParameterDescription] = [Common.teamID, Common.userID, Common.from]
  static let result = JSONSchema.component("Joined")
  static let errors: [RPCError.Kind] = [.limitReached, .storeUnavailable, .outcomeUnknown]
  static let example = Example(
    params: #"{"team_id":"blue","user_id":"bo","from":"start"}"#, result: #"{"joined":true}"#)

  private let inbox: Inbox
  private let from: Membership.Start

  init(_ arguments: Arguments) throws(RPCError) {
    let team = try arguments(Common.teamID)
    inbox = Inbox(user: try arguments(Common.userID), team: team)
    from = try arguments(Common.from)
  }

  var claims: [Claim] { .teamInbox(inbox) }

  var dependencies: [Dependency] { .marking(inbox) }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    try await backend.store.change(marksOf: inbox) { [from] _, state in state.join(from: from) }
    return JSONWriter.object { $0.member("joined", true) }
  }
}

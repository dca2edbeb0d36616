import Inbox
import JSON
import JSONRPC

/// Leaves a team.
struct LeaveTeam: Method {
  static let deed = Deed.change
  static let name: StaticString = "leave_team"
  static let summary = "Ends a reader's membership of a team: messages sent from now on are hidden."
  static let parameters: [any ParameterDescription] = [Common.teamID, Common.userID]
  static let result = JSONSchema.component("Joined")
  static let errors: [RPCError.Kind] = [.limitReached, .storeUnavailable, .outcomeUnknown]
  static let example = Example(
    params: #"{"team_id":"blue","user_id":"bo"}"#, result: #"{"joined":false}"#)

  private let inbox: Inbox

  init(_ arguments: Arguments) throws(RPCError) {
    let team = try arguments(Common.teamID)
    inbox = Inbox(user: try arguments(Common.userID), team: team)
  }

  var claims: [Claim] { .teamInbox(inbox) }

  var dependencies: [Dependency] { .marking(inbox) }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    try await backend.store.change(marksOf: inbox) { _, state in state.leave() }
    return JSONWriter.object { $0.member("joined", false) }
  }
}

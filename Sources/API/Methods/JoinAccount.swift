import Inbox
import JSON
import JSONRPC

/// Joins the readers of announcements.
struct JoinAccount: Method {
  static let deed = Deed.change
  static let name: StaticString = "join_account"
  static let summary = "Opens a reader's account: announcements sent from now on, or all, are visible."
  static let parameters: [any ParameterDescription] = [Common.userID, Common.from]
  static let result = JSONSchema.component("Joined")
  static let errors: [RPCError.Kind] = [.limitReached, .storeUnavailable, .outcomeUnknown]
  static let example = Example(
    params: #"{"user_id":"bo"}"#, result: #"{"joined":true}"#)

  private let inbox: Inbox
  private let from: Membership.Start

  init(_ arguments: Arguments) throws(RPCError) {
    inbox = Inbox(user: try arguments(Common.userID))
    from = try arguments(Common.from)
  }

  var claims: [Claim] { .accountInbox(inbox) }

  var dependencies: [Dependency] { .marking(inbox) }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    try await backend.store.change(marksOf: inbox) { [from] _, state in state.join(from: from) }
    return JSONWriter.object { $0.member("joined", true) }
  }
}

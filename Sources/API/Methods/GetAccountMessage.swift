import Inbox
import JSONRPC

/// Lists a reader's account messages and announcements.
struct GetAccountMessage: Method {
  static let deed = Deed.look
  static let name: StaticString = "get_account_message"
  static let summary =
    "Returns a page of a reader's account messages and announcements, as get_team_message does."
  static let parameters: [any ParameterDescription] = [Common.userID] + PageParameters.parameters
  static let result = JSONSchema.component("Page")
  static let errors: [RPCError.Kind] = [.responseTooLarge, .storeUnavailable]
  static let example = Example(
    params: #"{"user_id":"bo","view":"unread"}"#,
    result: Components.exampleAccountPage)

  private let inbox: Inbox
  private let page: PageParameters

  init(_ arguments: Arguments) throws(RPCError) {
    inbox = Inbox(user: try arguments(Common.userID))
    page = try PageParameters(arguments, inbox)
  }

  var claims: [Claim] { .accountInbox(inbox) }

  var dependencies: [Dependency] { .reading(inbox) }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    try await page.run(backend, context)
  }

  static let mayNeedNoTask = true

  func begin(
    _ backend: Backend, _ context: CallContext, _ done: @escaping @Sendable (PreparedCall.Outcome) -> Void
  ) -> PreparedCall.Begun {
    page.begin(backend, context, done)
  }
}

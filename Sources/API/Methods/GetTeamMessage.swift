import Inbox
import JSONRPC

/// Lists a reader's messages in a team.
struct GetTeamMessage: Method {
  static let deed = Deed.look
  static let name: StaticString = "get_team_message"
  static let summary =
    "Returns a page of a reader's messages in a team, and the numbers of all and of unread ones."
  static let parameters: [any ParameterDescription] =
    [Common.teamID, Common.userID] + PageParameters.parameters
  static let result = JSONSchema.component("Page")
  static let errors: [RPCError.Kind] = [.responseTooLarge, .storeUnavailable]
  static let example = Example(
    params: #"{"team_id":"blue","user_id":"bo","pageSize":12}"#,
    result: Components.examplePage)

  private let inbox: Inbox
  private let page: PageParameters

  init(_ arguments: Arguments) throws(RPCError) {
    let team = try arguments(Common.teamID)
    inbox = Inbox(user: try arguments(Common.userID), team: team)
    page = try PageParameters(arguments, inbox)
  }

  var claims: [Claim] { .teamInbox(inbox) }

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

import Inbox
import JSON
import JSONRPC

/// Returns one message as its reader sees it.
struct GetMessage: Method {
  static let deed = Deed.look
  static let name: StaticString = "get_message"
  static let summary = "Returns one message of an inbox."
  static let parameters: [any ParameterDescription] = [Common.userID, Common.nid, Common.teamID.optional]
  static let result = JSONSchema.component("Message")
  static let errors: [RPCError.Kind] = [.notFound, .storeUnavailable]
  static let example = Example(
    params: #"{"user_id":"bo","nid":"AQRibHVl.1","team_id":"blue"}"#, result: Components.exampleMessage)

  private let inbox: Inbox
  private let nid: String

  init(_ arguments: Arguments) throws(RPCError) {
    let user = try arguments(Common.userID)
    nid = try arguments(Common.nid)
    inbox = Inbox(user: user, team: try arguments(Common.teamID.optional))
  }

  var claims: [Claim] { .inbox(inbox) }

  var dependencies: [Dependency] { .reading(inbox) }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    let inbox = inbox
    guard let name = MessageName(nid: nid) else { throw StoreError.notFound }
    let limit = backend.limits.answerBytes
    context.exceedAnswerLimit()
    return try await context.answer {
      try await backend.store.read(before: context.deadline) { reader in
        guard let entry = try reader.state(of: inbox).entry(name, reader) else { throw StoreError.notFound }
        var answer = GrowingAnswer(context, limit: limit)
        return try JSONWriter.value(reserving: 512) { writer in
          try writer.message(entry, in: inbox)
          try answer.count(&writer)
        }
      }
    }
  }
}

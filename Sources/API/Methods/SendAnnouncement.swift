import Inbox
import JSONRPC

/// Sends a message to every account.
struct SendAnnouncement: Method {
  static let deed = Deed.change
  static let name: StaticString = "send_announcement"
  static let summary = "Sends a message to every account, including future ones."
  static let parameters: [any ParameterDescription] =
    [Common.messageType, Common.userID.optional] + Sending.names + Sending.texts
    + [Common.idempotencyKey]
  static let result = Sending.result
  static let errors = Sending.errors
  static let example = Example(
    params: #"{"message_type":"notice","content":"Maintenance on Sunday."}"#,
    result: #"{"nid":"Aw.1","create_time":"2026-01-02T11:00:00.000Z","duplicate":false}"#)

  private let sending: Sending

  init(_ arguments: Arguments) throws(RPCError) {
    let type = try arguments(Common.messageType)
    let sender = try arguments(Common.userID.optional)
    sending = try Sending(arguments, sender: sender, type: type, toReaders: false)
  }

  var claims: [Claim] { [.everyone] + sending.claims }

  var dependencies: [Dependency] { [.log(.everyone, .append)] }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    try await sending.send(to: .everyone, backend)
  }
}

import Inbox
import JSONRPC

/// Sends a message to a whole team, or to some readers in it.
struct SendTeamMessage: Method {
  static let deed = Deed.change
  static let name: StaticString = "send_team_message"
  static let summary = "Sends a message to a whole team, or only to the readers in reader_ids."
  static let parameters: [any ParameterDescription] =
    [Common.teamID, Common.userID, Common.messageType] + Sending.names + Sending.texts
    + [Common.readerIDs, Common.idempotencyKey]
  static let result = Sending.result
  static let errors = Sending.errors
  static let example = Example(
    params: #"{"team_id":"blue","user_id":"ada","message_type":"note","content":"Lunch at noon?"}"#,
    result: #"{"nid":"AQRibHVl.1","create_time":"2026-01-02T11:00:00.000Z","duplicate":false}"#)

  private let team: Text
  private let sending: Sending

  init(_ arguments: Arguments) throws(RPCError) {
    team = try arguments(Common.teamID)
    let sender = try arguments(Common.userID)
    let type = try arguments(Common.messageType)
    sending = try Sending(arguments, sender: sender, type: type, toReaders: true)
  }

  var claims: [Claim] { [.team(team)] + sending.claims }

  var dependencies: [Dependency] {
    guard let logs else { return [.log(.team(team), .append)] }
    return logs.map { .log($0, .append) }
  }

  private var logs: [LogName]? {
    sending.readers?.map { .member(team: team, user: $0) }
  }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    guard let logs, let readers = sending.readers else {
      return try await sending.send(to: .team(team), backend)
    }
    return try await sending.send(to: logs, of: readers, backend, context)
  }
}

import Inbox
import JSONRPC

/// Sends a message to one account or several.
struct SendAccountMessage: Method {
  static let deed = Deed.change
  static let name: StaticString = "send_account_message"
  static let summary = "Sends a message to one account (reader_id) or to several (reader_ids)."
  static let readerID = Parameter(
    "reader_id", .identifier, "The reader who gets the message; this or reader_ids."
  ).optional
  static let parameters: [any ParameterDescription] =
    [readerID, Common.readerIDs, Common.messageType, Common.userID.optional] + Sending.names
    + Sending.texts + [Common.idempotencyKey]
  static let result = Sending.result
  static let errors = Sending.errors
  static let example = Example(
    params: #"{"reader_id":"bo","message_type":"welcome","content":"Good to have you here."}"#,
    result: #"{"nid":"BAJibw.1","create_time":"2026-01-02T11:00:00.000Z","duplicate":false}"#)

  private let reader: Text?
  private let sending: Sending

  init(_ arguments: Arguments) throws(RPCError) {
    reader = try arguments(Self.readerID)
    let readers = try arguments(Common.readerIDs)
    guard (reader == nil) != (readers == nil) else {
      throw .invalidParams(
        pointer: reader == nil ? "/reader_id" : "/reader_ids",
        message: "exactly one of reader_id and reader_ids must be given")
    }
    let type = try arguments(Common.messageType)
    let sender = try arguments(Common.userID.optional)
    sending = try Sending(arguments, sender: sender, type: type, toReaders: true)
  }

  var claims: [Claim] {
    [.account(pointer: reader == nil ? "/reader_ids" : "/reader_id")] + sending.claims
  }

  var dependencies: [Dependency] { logs.map { .log($0, .append) } }

  private var logs: [LogName] {
    (sending.readers ?? [reader].compactMap { $0 }).map { .account($0) }
  }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    guard let readers = sending.readers else { return try await sending.send(to: logs[0], backend) }
    return try await sending.send(to: logs, of: readers, backend, context)
  }
}

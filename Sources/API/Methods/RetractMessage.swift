import Inbox
import JSON
import JSONRPC

/// Retracts a message for all its readers.
struct RetractMessage: Method {
  static let deed = Deed.change
  static let name: StaticString = "retract_message"
  static let summary = "Retracts a message: it disappears for everybody."
  static let parameters: [any ParameterDescription] = [Common.nid, Common.userID.optional]
  static let result = JSONSchema.object([
    .init("retracted", .described(.boolean, "Whether this call did it; false if it was done before."))
  ])
  static let errors: [RPCError.Kind] = [.notFound, .storeUnavailable, .outcomeUnknown]
  static let example = Example(
    params: #"{"nid":"AQRibHVl.1","user_id":"ada"}"#, result: #"{"retracted":true}"#)

  private let name: MessageName?
  private let user: Text?

  init(_ arguments: Arguments) throws(RPCError) {
    name = MessageName(nid: try arguments(Common.nid))
    user = try arguments(Common.userID.optional)
  }

  var claims: [Claim] { [.retracts(name), .user(user)] }

  var dependencies: [Dependency] { name.map { [.log($0.log, .exclusive)] } ?? [] }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    guard let name else { throw StoreError.notFound }
    let retracted = try await backend.store.retract(name)
    // It is shown to nobody any more; no memory needs to hold it either.
    backend.written.forget(name)
    return JSONWriter.object { $0.member("retracted", retracted) }
  }
}

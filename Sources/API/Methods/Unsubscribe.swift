import JSON
import JSONRPC

/// Ends a subscription.
struct Unsubscribe: Method {
  static let deed = Deed.look
  static let name: StaticString = "unsubscribe"
  static let summary = "Ends a subscription: no event of it comes after the answer."
  static let subscription = Parameter(
    "subscription", .integer(1...Int.max), "The number from the answer to `subscribe`.")
  static let parameters: [any ParameterDescription] = [subscription]
  static let result = JSONSchema.object([
    .init("unsubscribed", .described(.boolean, "False if this connection has no such subscription."))
  ])
  static let errors: [RPCError.Kind] = []
  static let example = Example(params: #"{"subscription":1}"#, result: #"{"unsubscribed":true}"#)

  private let subscription: Int

  init(_ arguments: Arguments) throws(RPCError) {
    subscription = try arguments(Self.subscription)
  }

  var claims: [Claim] { [] }

  var dependencies: [Dependency] { [.subscriptions] }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    let hasEnded = backend.live.dispatcher(of: context.notifier).unsubscribe(subscription)
    return JSONWriter.object { $0.member("unsubscribed", hasEnded) }
  }
}

import JSONRPC

/// One method of the contract: its description, its parameters, and what it does.
///
/// The description is what the OpenRPC document is made from; the parameters it lists are those that
/// `init` takes, in the order in which they are checked.
protocol Method: Sendable {
  /// What kind of thing it does: decides whether a host that may only read may call it.
  static var deed: Deed { get }
  /// The name on the wire.
  static var name: StaticString { get }
  /// What it does, in a sentence or two.
  static var summary: String { get }
  /// Its parameters in the order in which they are checked.
  static var parameters: [any ParameterDescription] { get }
  /// The form of its result.
  static var result: Schema { get }
  /// What can go wrong beside bad parameters.
  static var errors: [RPCError.Kind] { get }
  /// An example call: parameters and result as JSON text.
  static var example: Example { get }

  /// Checks the arguments. Without I/O; called in order of arrival.
  init(_ arguments: Arguments) throws(RPCError)

  /// What the call asks for, in the order of its parameters: decides whether it is within a host's scope.
  var claims: [Claim] { get }

  /// What the call reads or changes, for the order rule.
  var touches: [Touch] { get }

  /// Does it and returns the result as JSON.
  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8]
}

/// An example of a call.
struct Example: Sendable {
  /// The parameters as a JSON object.
  var params: String
  /// The result as JSON.
  var result: String
}

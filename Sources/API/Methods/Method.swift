import JSONRPC

/// One method of the contract: its description, its parameters, and its work.
///
/// The OpenRPC document is made from the description. The parameters that it lists are those that `init`
/// reads, in the order in which they are checked.
protocol Method: Sendable {
  /// The kind of the method's work. It decides whether a host that may only read may call the method.
  static var deed: Deed { get }
  /// The method's name on the wire.
  static var name: StaticString { get }
  /// The description of the method, in a sentence or two.
  static var summary: String { get }
  /// The parameters, in the order in which they are checked.
  static var parameters: [any ParameterDescription] { get }
  /// The schema of the result.
  static var result: JSONSchema { get }
  /// The kinds of errors other than bad parameters.
  static var errors: [RPCError.Kind] { get }
  /// An example call: its parameters and result as JSON text.
  static var example: Example { get }

  /// Checks the arguments, without I/O. Called in order of arrival.
  init(_ arguments: Arguments) throws(RPCError)

  /// The call's claims, in the order of its parameters: they decide whether the call is within a host's
  /// scope.
  var claims: [Claim] { get }

  /// The things that the call reads or changes, for the rule of order.
  var dependencies: [Dependency] { get }

  /// Does the work and returns the result as JSON text.
  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8]

  /// The result, if it is known from the arguments alone.
  var knownResult: [UInt8]? { get }

  /// Whether `begin` may do the work without a task.
  static var mayNeedNoTask: Bool { get }

  /// Begins the work without a task, if it can.
  func begin(
    _ backend: Backend, _ context: CallContext, _ done: @escaping @Sendable (PreparedCall.Outcome) -> Void
  ) -> PreparedCall.Begun
}

extension Method {
  var knownResult: [UInt8]? { nil }

  static var mayNeedNoTask: Bool { false }

  func begin(
    _ backend: Backend, _ context: CallContext, _ done: @escaping @Sendable (PreparedCall.Outcome) -> Void
  ) -> PreparedCall.Begun { .needsTask }
}

/// An example call.
struct Example: Sendable {
  /// The parameters, as the text of a JSON object.
  var params: String
  /// The result, as JSON text.
  var result: String
}

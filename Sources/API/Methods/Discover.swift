import JSONRPC

/// Returns the contract itself.
struct Discover: Method {
  static let deed = Deed.service
  static let name: StaticString = "rpc.discover"
  static let summary = "Returns this document."
  static let parameters: [any ParameterDescription] = []
  static let result = JSONSchema.described(.object([], open: true), "An OpenRPC document.")
  static let errors: [RPCError.Kind] = []
  static let example = Example(params: "{}", result: #"{"openrpc":"1.3.2"}"#)

  init(_ arguments: Arguments) throws(RPCError) {}

  var claims: [Claim] { [] }

  var dependencies: [Dependency] { [] }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] { backend.document() }
}

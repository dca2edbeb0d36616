import JSONRPC

/// Does nothing; its answer shows that the program is alive.
struct Ping: Method {
  static let deed = Deed.service
  static let name: StaticString = "ping"
  static let summary = "Does nothing; the answer shows that the program is alive."
  static let parameters: [any ParameterDescription] = []
  static let result = JSONSchema.object([])
  static let errors: [RPCError.Kind] = []
  static let example = Example(params: "{}", result: "{}")
  private static let empty = Array("{}".utf8)

  init(_ arguments: Arguments) throws(RPCError) {}

  var claims: [Claim] { [] }

  var dependencies: [Dependency] { [] }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] { Self.empty }

  var knownResult: [UInt8]? { Self.empty }
}

import Inbox
import JSON
import JSONRPC

/// Answers every method of the contract over one store.
public struct TidingsService: Service {
  private let backend: Backend
  private let entries: [Entry]
  /// The methods' names, in the order of the contract.
  public let methods: [String]

  /// A service over a store, for a server with these limits.
  public init(store: any MessageStore, limits: Limits = Limits()) {
    backend = Backend(store: store, limits: limits)
    methods = Registry.methods.map { "\($0.name)" }
    entries = Registry.methods.enumerated().map { Entry($1, index: $0) }
  }

  /// Checks method and parameters, without I/O.
  public func prepare(method: JSON, params: JSON?) throws(RPCError) -> PreparedCall {
    // Some twenty names of which few have the same length: comparing them costs less than hashing one.
    guard let entry = entries.first(where: { method.equals($0.name) }) else {
      throw .methodNotFound(method.string ?? "")
    }
    return try entry.prepare(backend, params)
  }

  private struct Entry: Sendable {
    let name: StaticString
    let prepare: @Sendable (Backend, JSON?) throws(RPCError) -> PreparedCall

    init<M: Method>(_ method: M.Type, index: Int) {
      name = M.name
      let known = M.parameters
      prepare = { backend, params throws(RPCError) in
        let arguments = Arguments(params)
        let call = try M(arguments)
        try arguments.refuseUnknown(known)
        return PreparedCall(methodIndex: index, touches: call.touches) { context in
          do {
            return try await call.run(backend, context)
          } catch let error as StoreError {
            throw RPCError(error)
          }
        }
      }
    }
  }
}

import Inbox
import JSON
import JSONRPC

/// Answers every method of the contract over one store, within one scope.
public struct TidingsService: Service {
  private let backend: Backend
  private let entries: [Entry]
  /// The methods' names, in the order of the contract.
  public let methods: [String]

  /// A service over a store, for a server with these limits and a host that may ask what `scope` says.
  public init(store: any MessageStore, limits: Limits = Limits(), scope: Scope = Scope()) {
    backend = Backend(store: store, limits: limits, scope: scope)
    methods = Registry.methods.map { "\($0.name)" }
    entries = Registry.methods.enumerated().map { Entry($1, index: $0, scope) }
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

    init<M: Method>(_ method: M.Type, index: Int, _ scope: Scope) {
      name = M.name
      let known = M.parameters
      let defaults = scope.defaults
      let isScoped = scope != Scope()
      prepare = { backend, params throws(RPCError) in
        let arguments = Arguments(params, defaults: defaults)
        let call = try M(arguments)
        try arguments.refuseUnknown(known)
        // Here and nowhere else: no method can be called past the scope.
        var owned: MessageName?
        if isScoped {
          let claims = call.claims
          if let refusal = scope.refusal(of: M.deed, claims) { throw refusal }
          owned = scope.mustHaveSent(claims)
        }
        return PreparedCall(methodIndex: index, touches: call.touches) { [owned] context in
          do {
            // As most calls are: nothing around it that costs.
            if owned == nil, context.deadline == nil { return try await call.run(backend, context) }
            func run() async throws -> [UInt8] {
              if let owned, let user = scope.user { try await backend.store.expect(owned, sentBy: user) }
              return try await call.run(backend, context)
            }
            guard let deadline = context.deadline else { return try await run() }
            return try await StoreCall.$deadline.withValue(deadline) { try await run() }
          } catch let error as StoreError {
            throw RPCError(error)
          }
        }
      }
    }
  }
}

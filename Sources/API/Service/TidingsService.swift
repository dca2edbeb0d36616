import Caches
import Inbox
import JSON
import JSONRPC
import Runtime

/// A service that answers every method of the contract, over one store and within one scope.
public struct TidingsService: Service {
  private let backend: Backend
  /// The methods by the length of their names, in bytes.
  private let entries: [[Entry]]
  /// The methods' names, in the order of the contract.
  public let methods: [String]

  /// The size of the cache unless another is asked for, in bytes.
  public static let cacheBytes = 16 << 20

  /// Creates a service over a store, for a server with these limits and a host with this scope.
  /// Messages that were on pages are kept in at most `cacheBytes`.
  public init(
    store: any MessageStore, limits: Limits = Limits(), following: FollowingLimits = FollowingLimits(),
    scope: Scope = Scope(), cacheBytes: Int = Self.cacheBytes
  ) {
    backend = Backend(
      store: store, limits: limits, following: following, scope: scope, cacheBytes: cacheBytes,
      document: { OpenRPCDocument.json })
    methods = Registry.methods.map { "\($0.name)" }
    let all = Registry.methods.enumerated().map { Entry($1, index: $0, scope) }
    let longest = all.map(\.name.utf8CodeUnitCount).max() ?? 0
    entries = (0...longest).map { length in all.filter { $0.name.utf8CodeUnitCount == length } }
  }

  /// Checks a method and its parameters, without I/O.
  public func prepare(method: JSON, params: JSON?) throws(RPCError) -> PreparedCall {
    guard let entry = entry(method) else { throw .methodNotFound(method.string ?? "") }
    return try entry.prepare(backend, params)
  }

  /// Whether every event of what has happened so far is sent.
  public var isQuiet: Bool { backend.live.isQuiet }

  /// Finds a method. Few names have the same length, so comparing those costs less than hashing one.
  private func entry(_ method: JSON) -> Entry? {
    let length = method.raw.count - 2
    let alike = entries.indices.contains(length) ? entries[length] : []
    // A name with escapes is longer than its unescaped bytes.
    return alike.first { method.equals($0.name) } ?? entries.joined().first { method.equals($0.name) }
  }

  private struct Entry: Sendable {
    let name: StaticString
    let prepare: @Sendable (Backend, JSON?) throws(RPCError) -> PreparedCall

    /// Begins a call without a task.
    private static func begin(_ call: some Method, _ backend: Backend) -> PreparedCall.Begin {
      { context, done in
        call.begin(backend, context) { outcome in
          guard case .failure(let failure) = outcome, let error = failure as? StoreError else {
            done(outcome)
            return
          }
          do { done(.failure(try RPCError(error, in: context))) } catch { done(.failure(error)) }
        }
      }
    }

    init<M: Method>(_ method: M.Type, index: Int, _ scope: Scope) {
      name = M.name
      let known = M.parameters.map(\.name)
      let defaults = scope.defaults
      let isScoped = scope != Scope()
      prepare = { backend, params throws(RPCError) in
        let arguments = Arguments(params, defaults: defaults)
        let call = try M(arguments)
        try arguments.refuseUnknown(known)
        // The scope is checked here and nowhere else: no method can be called around it.
        var owned: MessageName?
        if isScoped {
          let claims = call.claims
          if let refusal = scope.refusal(of: M.deed, claims) { throw refusal }
          owned = scope.mustHaveSent(claims)
        }
        guard let owned, let user = scope.user else {
          if let result = call.knownResult { return PreparedCall(methodIndex: index, result: result) }
          // Most calls take this path, which adds no cost.
          let begin = M.mayNeedNoTask ? Self.begin(call, backend) : nil
          return PreparedCall(methodIndex: index, dependencies: call.dependencies, begin: begin) { context in
            do { return try await call.run(backend, context) } catch let error as StoreError {
              throw try RPCError(error, in: context)
            }
          }
        }
        return PreparedCall(methodIndex: index, dependencies: call.dependencies) { context in
          do {
            try await backend.store.expect(owned, sentBy: user, before: context.deadline)
            return try await call.run(backend, context)
          } catch let error as StoreError {
            throw try RPCError(error, in: context)
          }
        }
      }
    }
  }
}

extension RPCError {
  /// The error that a call's host gets for a store's error.
  fileprivate init(_ error: StoreError, in context: CallContext) throws {
    // A store that gives up at the deadline did nothing, but reports that with an error of its own.
    if case .unavailable = error { try context.checkTime() }
    self.init(error)
  }
}

import Inbox
import JSON
import JSONRPC

/// A method that joins the readers of a shared log, or leaves them.
protocol MembershipMethod: Method {
  var inbox: Inbox { get }
  /// The point from which the reader sees the log; nil to leave.
  var from: Membership.Start? { get }
}

extension MembershipMethod {
  static var deed: Deed { .change }
  static var result: JSONSchema { .component("Joined") }
  static var errors: [RPCError.Kind] { [.limitReached, .storeUnavailable, .outcomeUnknown] }

  var dependencies: [Dependency] { .marking(inbox) }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    try await backend.store.change(marksOf: inbox) { [from] _, state in
      if let from { state.join(from: from) } else { state.leave() }
    }
    return JSONWriter.object { $0.member("joined", from != nil) }
  }
}

import Inbox
import JSON
import JSONRPC

extension RPCError {
  /// Creates the error that a host gets for a store's error.
  init(_ error: StoreError) {
    switch error {
    case .notFound: self = .notFound(pointer: "/nid", message: "there is no such message")
    case .conflict:
      self = .conflict(
        pointer: "/idempotency_key", message: "this key was used before to send something else")
    case .limitReached(let what): self = .init(.limitReached, what, retryable: true)
    case .unavailable(let why): self = .storeUnavailable(why)
    case .outcomeUnknown(let why), .interrupted(let why, _): self = .outcomeUnknown(why)
    case .damaged(let what): self = .internal("the store is damaged, see `tidings doctor`: \(what)")
    }
  }

  /// 1004, for a parameter that asks for more than a call may: a retry does not help.
  static func tooMuch(pointer: String, limit: Int, _ message: String) -> RPCError {
    RPCError(
      .limitReached, message,
      details: JSONWriter.object {
        $0.member("pointer", pointer)
        $0.member("limit", limit)
      })
  }
}

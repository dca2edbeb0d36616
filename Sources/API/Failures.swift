import Inbox
import JSONRPC

extension RPCError {
  /// What a host is told of a store's error.
  init(_ error: StoreError) {
    switch error {
    case .notFound: self = .notFound(pointer: "/nid", message: "there is no such message")
    case .conflict:
      self = .conflict(
        pointer: "/idempotency_key", message: "this key was used before to send something else")
    case .limitReached(let what): self = .init(.limitReached, what, retryable: true)
    case .unavailable(let why): self = .storeUnavailable(why)
    case .outcomeUnknown(let why): self = .outcomeUnknown(why)
    case .damaged(let what): self = .internal("the store is damaged: \(what)")
    }
  }
}

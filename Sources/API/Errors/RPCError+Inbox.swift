import Inbox
import JSON
import JSONRPC

extension RPCError.Kind {
  /// The cursor is older than what is kept.
  static let cursorExpired = Self(code: 1006, name: "cursor_expired")
  /// Something that the request names does not exist.
  static let notFound = Self(code: 2001, name: "not_found")
  /// The request contradicts an earlier one.
  static let conflict = Self(code: 2002, name: "conflict")
  /// The store can't be reached or is too busy; retryable.
  static let storeUnavailable = Self(code: 2003, name: "store_unavailable")
  /// A change was sent to the store, and it is not known whether it was made; retryable.
  static let outcomeUnknown = Self(code: 2004, name: "outcome_unknown")
  /// The request is outside the host's scope.
  static let forbidden = Self(code: 2005, name: "forbidden")
}

extension RPCError {
  /// Creates the error that a host gets for a store's error.
  init(_ error: StoreError) {
    switch error {
    case .notFound: self = .notFound(pointer: "/nid", message: "there is no such message")
    case .conflict:
      self = .conflict(
        pointer: "/idempotency_key", message: "this key was used before to send something else")
    case .unfit(let unfit): self = Self(.conflict, unfit.description)
    // What has grown as far as it may stays so.
    case .limitReached(let what): self = Self(.limitReached, what)
    case .unavailable(let why): self = Self(.storeUnavailable, why, retryable: true)
    case .outcomeUnknown(let why), .interrupted(let why, _): self = .outcomeUnknown(why)
    case .damaged(let what):
      // What a newer version wrote is whole.
      let fault = error.isOfNewerVersion ? "can't be read by this version" : "is damaged"
      self = .internal("the store \(fault), see `tidings doctor`: \(what)")
    }
  }

  private init(_ kind: Kind, _ message: String, pointer: String) {
    self.init(kind, message, details: JSONWriter.object { $0.member("pointer", pointer) })
  }

  static func cursorExpired(pointer: String) -> RPCError {
    RPCError(.cursorExpired, "the cursor is older than what is kept", pointer: pointer)
  }

  static func notFound(pointer: String, message: String) -> RPCError {
    RPCError(.notFound, message, pointer: pointer)
  }

  static func conflict(pointer: String, message: String) -> RPCError {
    RPCError(.conflict, message, pointer: pointer)
  }

  /// `details` is a JSON object with the changes that are known to be done.
  static func outcomeUnknown(_ message: String, details: [UInt8] = RPCError.noDetails) -> RPCError {
    RPCError(.outcomeUnknown, message, retryable: true, details: details)
  }

  static func forbidden(pointer: String, message: String) -> RPCError {
    RPCError(.forbidden, message, pointer: pointer)
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

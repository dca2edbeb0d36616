import JSONRPC

extension RPCError.Kind {
  /// The kinds of errors that the program answers with, and the cases in which it does.
  static let documented: [(kind: RPCError.Kind, when: String)] = [
    (.parseError, "The text is no JSON; details.offset says where. With the id if only a value is at fault."),
    (.invalidRequest, "JSON, but no JSON-RPC 2.0 request."),
    (.shuttingDown, "A request after shutdown."),
    (.methodNotFound, "There is no method of this name."),
    (.invalidParams, "A parameter is missing, unknown or unfit: details.pointer says which."),
    (.internal, "A fault of Tidings: please report it."),
    (.cancelled, "The host took the request back by $/cancelRequest, and nothing was changed."),
    (.messageTooLarge, "The request is over details.limit bytes, and was skipped unread."),
    (.responseTooLarge, "The answer would be over details.limit bytes: ask for less."),
    (.deadlineExceeded, "The request's timeout_ms were over."),
    (
      .limitReached,
      "Too many of something at once, worth trying again later; or too much, which details.pointer names."
    ),
    (.cursorExpired, "The cursor is older than what is kept: begin anew without one."),
    (.notFound, "There is no such message in this inbox."),
    (.conflict, "The idempotency key came with another content before."),
    (.storeUnavailable, "The store can't be reached, and nothing was changed: worth trying again."),
    (
      .outcomeUnknown,
      "It may have been done, in part (details.messages): send it again with the same idempotency key."
    ),
    (.forbidden, "Outside of what this host may ask; details.pointer is the parameter, or empty."),
  ]
}

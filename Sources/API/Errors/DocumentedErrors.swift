import JSONRPC

extension RPCError.Kind {
  /// The kinds of errors that the program answers with, and the cases in which it does.
  static let documented: [(kind: RPCError.Kind, when: String)] = [
    (
      .parseError,
      "The text is not JSON; details.offset is the position. With the request's id if only a value is at fault."
    ),
    (.invalidRequest, "JSON, but not a JSON-RPC 2.0 request."),
    (.shuttingDown, "A request after shutdown."),
    (.methodNotFound, "There is no method with this name."),
    (.invalidParams, "A parameter is missing, unknown or invalid; details.pointer names it."),
    (.internal, "A fault of Tidings; please report it."),
    (.cancelled, "The host cancelled the request with $/cancelRequest, and nothing was changed."),
    (.messageTooLarge, "The request is larger than details.limit bytes, and was skipped unread."),
    (.responseTooLarge, "The answer would be larger than details.limit bytes: ask for less."),
    (.deadlineExceeded, "The request's timeout_ms has passed."),
    (
      .limitReached,
      "Too many of something at once: retryable if some of it may go. Or too much in the parameter that "
        + "details.pointer names."
    ),
    (.cursorExpired, "The cursor is older than what is kept: start again without one."),
    (.notFound, "There is no such message in this inbox."),
    (
      .conflict,
      "The idempotency key was used before with other content, or the log to import into has later messages."
    ),
    (.storeUnavailable, "The store can't be reached, and nothing was changed: try again later."),
    (
      .outcomeUnknown,
      "The change may have been made, or a part of it (details.messages): retry with the same idempotency key."
    ),
    (.forbidden, "Outside the host's scope; details.pointer is the parameter, or empty."),
  ]
}

import JSONRPC

extension RPCError.Kind {
  /// Every kind of error that the program answers with.
  static let documented: [RPCError.Kind] = [
    .parseError, .invalidRequest, .shuttingDown, .methodNotFound, .invalidParams, .internal, .cancelled,
    .messageTooLarge, .responseTooLarge, .deadlineExceeded, .limitReached, .cursorExpired, .notFound,
    .conflict, .storeUnavailable, .outcomeUnknown, .forbidden,
  ]
}

import JSON

/// The table of errors, with one constructor for each row.
extension RPCError {
  /// −32700. `offset` is that of the first byte that is not valid JSON.
  public static func parseError(_ message: String, offset: Int? = nil) -> RPCError {
    guard let offset else { return RPCError(.parseError, message) }
    return RPCError(.parseError, message, details: JSONWriter.object { $0.member("offset", offset) })
  }

  /// −32600.
  public static func invalidRequest(_ message: String) -> RPCError {
    RPCError(.invalidRequest, message)
  }

  /// −32600, for an id that another request in flight has; `details.id` is that id.
  static func duplicate(_ id: RequestID) -> RPCError {
    RPCError(
      .invalidRequest, "a request with this id is still in flight",
      details: JSONWriter.object {
        $0.key("id")
        $0.raw(id.raw)
      })
  }

  /// −32600, with the kind `shutting_down`.
  public static func shuttingDown() -> RPCError {
    RPCError(.shuttingDown, "the server is shutting down")
  }

  /// −32601. The message repeats the name, cut at 128 bytes.
  public static func methodNotFound(_ name: String) -> RPCError {
    var shown = name
    while shown.utf8.count > 128 {
      shown = String(shown.unicodeScalars.prefix(shown.unicodeScalars.count / 2))
    }
    return RPCError(
      .methodNotFound, "no such method", details: JSONWriter.object { $0.member("method", shown) })
  }

  /// −32602. `pointer` is the JSON Pointer of the parameter, or "" for the parameters as a whole.
  public static func invalidParams(pointer: String, message: String) -> RPCError {
    RPCError(.invalidParams, message, details: .pointer(pointer))
  }

  /// −32603. The message does not tell the cause, which belongs in the log.
  public static func `internal`(_ message: String = "internal error") -> RPCError {
    RPCError(.internal, message)
  }

  /// −32800.
  public static func cancelled() -> RPCError { RPCError(.cancelled, "the request was cancelled") }

  /// 1001. `limit` is in bytes.
  public static func messageTooLarge(limit: Int) -> RPCError {
    RPCError(
      .messageTooLarge, "the request is larger than \(limit) bytes", details: .limit(limit))
  }

  /// 1002. `limit` is in bytes.
  public static func responseTooLarge(limit: Int) -> RPCError {
    RPCError(
      .responseTooLarge, "the answer is larger than \(limit) bytes", details: .limit(limit))
  }

  /// 1003, retryable.
  public static func deadlineExceeded() -> RPCError {
    RPCError(.deadlineExceeded, "the request's timeout_ms has passed", retryable: true)
  }

  /// 1004, retryable. `limit` is the number of things that are allowed at once.
  public static func limitReached(_ message: String, limit: Int) -> RPCError {
    RPCError(.limitReached, message, retryable: true, details: .limit(limit))
  }

  /// Appends the error object as it is sent.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("code", kind.code)
    writer.member("message", message)
    writer.key("data")
    writer.beginObject()
    writer.member("kind", kind.name)
    writer.member("retryable", retryable)
    writer.key("details")
    writer.raw(details)
    writer.endObject()
    writer.endObject()
  }
}

extension [UInt8] {
  fileprivate static func pointer(_ pointer: String) -> [UInt8] {
    JSONWriter.object { $0.member("pointer", pointer) }
  }

  fileprivate static func limit(_ limit: Int) -> [UInt8] {
    JSONWriter.object { $0.member("limit", limit) }
  }
}

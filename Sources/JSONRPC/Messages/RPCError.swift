import JSON

/// The error of a request, as an answer carries it: `{code, message, data: {kind, retryable, details}}`.
///
/// `kind` is stable and names the reason; `code` is its number on the wire. The message is for people, and
/// never contains the content of a message or a credential.
public struct RPCError: Error, Sendable, Hashable {
  /// The reason, for programs. The set is open: a service may add kinds of its own.
  public struct Kind: Hashable, Sendable {
    /// The JSON-RPC error code.
    public let code: Int
    /// The stable name, in snake_case.
    public let name: String

    /// Creates a kind of error with its code on the wire.
    public init(code: Int, name: String) {
      self.code = code
      self.name = name
    }
  }

  /// The reason.
  public let kind: Kind
  /// One sentence for people.
  public let message: String
  /// Whether the same request may succeed later.
  public let retryable: Bool
  /// The text of a JSON object with the details that the kind promises (a pointer, a limit, ...).
  public let details: [UInt8]

  /// Creates an error of any kind. `details` must be the text of one JSON object.
  public init(
    _ kind: Kind, _ message: String, retryable: Bool = false, details: [UInt8] = Self.noDetails
  ) {
    self.kind = kind
    self.message = message
    self.retryable = retryable
    self.details = details
  }

  /// The error's code on the wire.
  public var code: Int { kind.code }

  /// The text `{}`.
  public static let noDetails: [UInt8] = Array("{}".utf8)
}

extension RPCError.Kind {
  /// The bytes are not one JSON value.
  public static let parseError = Self(code: -32700, name: "parse_error")
  /// The text is JSON, but not a valid JSON-RPC 2.0 request.
  public static let invalidRequest = Self(code: -32600, name: "invalid_request")
  /// The request came after `shutdown`.
  public static let shuttingDown = Self(code: -32600, name: "shutting_down")
  /// There is no method with this name.
  public static let methodNotFound = Self(code: -32601, name: "method_not_found")
  /// A parameter is missing, unknown, or of the wrong type or size.
  public static let invalidParams = Self(code: -32602, name: "invalid_params")
  /// The program is at fault.
  public static let `internal` = Self(code: -32603, name: "internal")
  /// The host cancelled the request.
  public static let cancelled = Self(code: -32800, name: "cancelled")
  /// The request is over the size limit.
  public static let messageTooLarge = Self(code: 1001, name: "message_too_large")
  /// The answer is over the size limit.
  public static let responseTooLarge = Self(code: 1002, name: "response_too_large")
  /// The request's `timeout_ms` has passed.
  public static let deadlineExceeded = Self(code: 1003, name: "deadline_exceeded")
  /// There are too many of something at once.
  public static let limitReached = Self(code: 1004, name: "limit_reached")
}

import JSON

/// `params._meta`: what a host says about a request rather than in it. Unknown members are ignored.
struct RequestMeta: Sendable {
  /// The host's token for `$/progress`, as sent: a string or an integer.
  var progressToken: ArraySlice<UInt8>?
  /// How long the request may take, in milliseconds from its arrival.
  var timeoutMilliseconds: Int64?

  /// The longest timeout that may be asked for: a day.
  static let longestTimeout: Int64 = 86_400_000

  /// The longest token, in bytes as it is sent: a call keeps it until it is answered.
  static let longestToken = 1_024

  init() {}

  init(_ params: JSON?) throws(RPCError) {
    guard let meta = params?["_meta"], !meta.isNull else { return }
    guard meta.kind == .object else {
      throw .invalidParams(pointer: "/_meta", message: "_meta must be an object")
    }
    if let token = meta["progressToken"], !token.isNull {
      guard token.kind == .string || token.isInteger, token.raw.count <= Self.longestToken else {
        throw .invalidParams(
          pointer: "/_meta/progressToken",
          message: "progressToken must be a string or an integer of at most \(Self.longestToken) bytes")
      }
      progressToken = token.keepsake
    }
    if let timeout = meta["timeout_ms"], !timeout.isNull {
      guard let value = timeout.integer, (1...Self.longestTimeout).contains(value) else {
        throw .invalidParams(
          pointer: "/_meta/timeout_ms",
          message: "timeout_ms must be an integer from 1 to \(Self.longestTimeout)")
      }
      timeoutMilliseconds = value
    }
  }
}

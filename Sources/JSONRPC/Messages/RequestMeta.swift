import JSON

/// The member `_meta` of `params`: the host's wishes about a request rather than its parameters. Unknown
/// members are ignored.
struct RequestMeta: Sendable {
  /// The host's token for `$/progress`, as it was sent: a string or an integer.
  var progressToken: ArraySlice<UInt8>?
  /// The time that the request may take, in milliseconds from its arrival.
  var timeoutMilliseconds: Int64?

  /// The longest timeout that a host may ask for, in milliseconds: one day.
  static let longestTimeout: Int64 = 86_400_000

  /// The length of the longest token, in bytes as sent: a call keeps its token until it is answered.
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

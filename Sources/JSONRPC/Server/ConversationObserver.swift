/// Sees every message of a conversation. An answer is seen before every request that the host may have made
/// because of it.
public protocol ConversationObserver: Sendable {
  /// A message of the host, before anything is done about it. Called on the thread that reads, which it may
  /// hold up.
  func received(_ message: [UInt8])
  /// Something of the host that was not kept: too large, or no message at all.
  func receivedUnreadable(_ reason: String)
  /// A message for the host, without its framing. Called under the connection's lock: it must not block.
  func sent(_ message: [UInt8])
}

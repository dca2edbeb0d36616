/// An observer of every message of a conversation. It sees an answer before every request that the host may
/// have made because of that answer.
public protocol ConversationObserver: Sendable {
  /// Called with a message from the host, before it is handled. The call is on the reading thread, which it
  /// may hold up.
  func received(_ message: [UInt8])
  /// Called for input from the host that was not kept: too large, or not a message.
  func receivedUnreadable(_ reason: String)
  /// Called with a message to the host, without its framing. The call is under the connection's lock: it must
  /// not block.
  func sent(_ message: [UInt8])
}

import Inbox
import JSONRPC

/// What methods work with.
struct Backend: Sendable {
  /// Where messages and marks are kept.
  let store: any MessageStore
  /// What one connection may use.
  let limits: Limits
  /// What the host may ask.
  let scope: Scope
  /// What filters found before.
  let matches = MatchIndex()
}

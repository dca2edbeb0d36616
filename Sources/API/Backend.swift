import Caches
import Inbox
import JSONRPC

/// The things that methods work with.
struct Backend: Sendable {
  /// The store of messages and marks.
  let store: any MessageStore
  /// The limits of the connection.
  let limits: Limits
  /// The host's scope.
  let scope: Scope
  /// The earlier findings of filters.
  let matches = MatchIndex()
  /// The messages that were on pages.
  let written: WrittenMessages
}

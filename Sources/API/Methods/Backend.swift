import Caches
import Inbox
import JSONRPC

/// The things that methods work with. A class: each call holds one reference rather than a copy of it all.
final class Backend: Sendable {
  /// The store of messages and marks.
  let store: any MessageStore
  /// The limits of the connection.
  let limits: Limits
  /// The host's scope.
  let scope: Scope
  /// The contract, as `rpc.discover` returns it.
  let document: @Sendable () -> [UInt8]
  /// The earlier findings of filters.
  let matches = MatchIndex()
  /// The messages that were on pages, as they are sent.
  let written: WrittenMessages
  /// Those who follow inboxes.
  let live: Live

  init(
    store: any MessageStore, limits: Limits, following: FollowingLimits, scope: Scope, cacheBytes: Int,
    document: @escaping @Sendable () -> [UInt8]
  ) {
    self.store = store
    self.limits = limits
    self.scope = scope
    self.document = document
    written = WrittenMessages(capacity: cacheBytes)
    live = Live(store, written, following)
  }
}

import Caches
import Inbox
import JSONRPC
import Locks

/// The dispatchers of a service, one for each connection that follows anything.
final class Live: Sendable {
  /// The most that one connection may follow.
  let limits: FollowingLimits
  private let store: any MessageStore
  private let written: WrittenMessages
  // Held for a look-up or an entry.
  private let dispatchers = Locked<[ObjectIdentifier: Dispatcher]>([:])

  init(_ store: any MessageStore, _ written: WrittenMessages, _ limits: FollowingLimits) {
    self.store = store
    self.written = written
    self.limits = limits
  }

  /// The dispatcher of a connection, made when it is first asked for. It ends with the connection.
  func dispatcher(of notifier: Notifier) -> Dispatcher {
    let id = notifier.connectionID
    let (dispatcher, isNew) = dispatchers.withLock { dispatchers in
      if let dispatcher = dispatchers[id] { return (dispatcher, false) }
      let dispatcher = Dispatcher(store, written, notifier, limits)
      dispatchers[id] = dispatcher
      return (dispatcher, true)
    }
    if isNew {
      notifier.whenEnded { [self] in
        dispatcher.end()
        dispatchers.withLock { $0[id] = nil }
      }
    }
    return dispatcher
  }

  /// The number of subscriptions of a connection, and that of the inboxes that it follows.
  func counts(of notifier: Notifier) -> (subscriptions: Int, inboxes: Int) {
    dispatchers.withLock { $0[notifier.connectionID] }?.counts ?? (0, 0)
  }

  /// Whether nothing is to be done for what has happened so far.
  var isQuiet: Bool { dispatchers.withLock { Array($0.values) }.allSatisfy(\.isQuiet) }
}

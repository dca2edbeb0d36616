import Inbox
import Locks
import Logging
import Mongo
import Runtime

/// Tells who watches of every change: of those of this process when they are acknowledged, of those of others by one
/// change stream, which runs only while somebody watches.
///
/// Where there are no change streams, everything may have changed twice a second; of a standalone server it is known if
/// nothing has.
final class ChangeFeed: Sendable {
  private struct State {
    /// The number of the following that goes on; events of an earlier one come too late.
    var number = 0
    var isFollowing = false
    var isClosed = false
    /// Whether the stream has been opened: then it tells what this process changes, too.
    var isOpen = false
    var own = OwnChanges()
    var stream: MongoChangeStream?
    var polling: Task<Void, Never>?
    var hasLogged = false

    /// Ends the following, and returns what has to be ended with it.
    mutating func end() -> (MongoChangeStream?, Task<Void, Never>?) {
      defer { (isFollowing, isOpen, stream, polling) = (false, false, nil, nil) }
      number += 1
      return (stream, polling)
    }
  }

  private let pool: MongoClientPool
  private let logger: Logger
  private let listeners = Listeners<Wake>()
  // Held for a look or an entry, never while a stream is started or a listener is called.
  private let state = Locked(State())
  /// How often everything may have changed without change streams, and how often they are tried again.
  private static let pollingPause = Duration.milliseconds(500)
  private static let pollsBeforeRetry = 120

  init(_ pool: MongoClientPool, _ logger: Logger) { (self.pool, self.logger) = (pool, logger) }

  /// See `MessageStore.watch`.
  func watch(_ listener: @escaping @Sendable (Wake) -> Void) -> Watch {
    let remove = listeners.add(listener)
    adjust()
    return Watch {
      remove()
      self.adjust()
    }
  }

  /// Ends the following for good.
  func close() {
    state.withLock { $0.isClosed = true }
    adjust()
  }

  /// Follows if and only if somebody watches.
  private func adjust() {
    let (starts, (stream, polling)) = state.withLock {
      state -> (Int?, (MongoChangeStream?, Task<Void, Never>?)) in
      let isWanted = !state.isClosed && !listeners.isEmpty
      guard isWanted != state.isFollowing else { return (nil, (nil, nil)) }
      let ended = state.end()
      state.isFollowing = isWanted
      return (isWanted ? state.number : nil, ended)
    }
    stream?.close()
    polling?.cancel()
    if let starts { start(starts) }
  }

  /// Starts the stream of this following, which may be over by then.
  private func start(_ number: Int) {
    let stream = pool.changes(ChangeDocument.pipeline) { [weak self] in self?.take($0, number) }
    let isWanted = state.withLock { state in
      guard state.number == number else { return false }
      state.stream = stream
      return true
    }
    if !isWanted { stream.close() }
  }

  private func take(_ event: MongoChangeStream.Event, _ number: Int) {
    switch event {
    case .opened:
      // Of an own change before this one the stream may tell nothing: nobody waits for that.
      let isCurrent = state.withLock { state in
        guard state.number == number else { return false }
        (state.isOpen, state.own) = (true, OwnChanges())
        return true
      }
      if isCurrent { listeners.tell(.everything) }
    case .change(let document):
      switch ChangeDocument(document) {
      case .everything: listeners.tell(.everything)
      case .log(let fingerprint, let id):
        if !state.withLock({ $0.own.remove(id) }) { listeners.tell(.logs([fingerprint])) }
      }
    case .failed(let error): poll(error, number)
    }
  }
}

// What this process changes.
extension ChangeFeed {
  /// Notes what is about to be changed: the stream need not tell it.
  func expect(_ changes: @autoclosure () -> [ChangeID]) {
    guard state.withLock({ $0.isOpen }) else { return }
    let changes = changes()
    state.withLock { state in for change in changes { state.own.add(change) } }
  }

  /// Tells of logs that may have been changed; `unmade` are those of the expected changes that were not made, as far as is
  /// known.
  func tell(_ logs: @autoclosure () -> [LogName], unmade: @autoclosure () -> [ChangeID]) {
    if state.withLock({ $0.isOpen }) {
      let unmade = unmade()
      if !unmade.isEmpty {
        state.withLock { state in for change in unmade { _ = state.own.remove(change) } }
      }
    }
    guard !listeners.isEmpty else { return }
    let logs = logs()
    if !logs.isEmpty { listeners.tell(.logs(logs)) }
  }
}

// Servers without change streams, and users who may not open one.
extension ChangeFeed {
  /// The reason why there is no change stream.
  static func reason(_ error: MongoError) -> String {
    switch error.kind {
    case .unsupported: "only a replica set has change streams"
    case .unauthorized, .authentication: "this user lacks the right changeStream on the database"
    default: StoreError(error).reason
    }
  }

  /// See ``MongoSession/changeCounts()``; nil if there are none, or if they can't be had now: everything may have changed.
  private func changeCounts() async -> [Int64]? {
    do {
      return try await pool.run { try $0.changeCounts() }
    } catch {
      return nil
    }
  }

  private func poll(_ error: MongoError, _ number: Int) {
    guard error.kind != .closed else { return }
    let logs = state.withLock { state in
      defer { state.hasLogged = true }
      return !state.hasLogged
    }
    if logs {
      logger.notice(
        "changes of other processes are looked for twice a second: MongoDB gives no change stream",
        metadata: ["why": "\(Self.reason(error))"])
    }
    let polling = Task.detached { [weak self] in
      do {
        var (last, quietPolls) = ([Int64]?.none, 0)
        for _ in 0..<Self.pollsBeforeRetry {
          guard let self else { return }
          let counts = await self.changeCounts()
          quietPolls = counts != nil && counts == last ? quietPolls + 1 : 0
          last = counts
          // What is counted may not be readable yet: everything is told once more than it has to be.
          if quietPolls < 2 { self.listeners.tell(.everything) }
          try await Task.sleep(for: Self.pollingPause)
        }
        self?.start(number)
      } catch {
        // The following has ended.
        return
      }
    }
    let isCurrent = state.withLock { state in
      guard state.number == number else { return false }
      state.polling = polling
      return true
    }
    if !isCurrent { polling.cancel() }
  }
}

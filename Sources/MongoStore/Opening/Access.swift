import Inbox
import Locks
import Mongo

/// The way to the server: waits for a primary, but never long, and prepares the database before anything else.
final class Access: Sendable {
  let pool: MongoClientPool
  let patience: Duration
  // Held for a look or an entry.
  private let prepared = Locked<MongoServerInfo?>(nil)
  private let outage = Locked<ContinuousClock.Instant?>(.now)

  /// `patience` is how long an outage may last before calls fail at once.
  init(_ pool: MongoClientPool, patience: Duration) {
    self.pool = pool
    self.patience = patience
  }

  /// Runs `body` on one of the pool's threads. While there is no primary calls wait for one; once that has
  /// lasted longer than a call may wait, they fail at once.
  ///
  /// `deadline` is when the caller stops waiting: no command is begun after it, and a read ends with it.
  func run<Value: Sendable>(
    deadline: ContinuousClock.Instant? = nil,
    _ body: @escaping @Sendable (MongoSession, MongoServerInfo) throws -> Value
  ) async throws -> Value {
    guard !hasLongOutage else { throw StoreError.unavailable(reason) }
    return try await pool.run(deadline: deadline) { session in try body(session, self.info(session)) }
  }

  /// As `run` without a task: `body` gets a session, or the reason why there is none, which may be at once.
  func start(_ body: @escaping @Sendable (Result<MongoSession, any Error>) -> Void) {
    guard !hasLongOutage else { return body(.failure(StoreError.unavailable(reason))) }
    pool.start(body)
  }

  /// What the server is, once the database is prepared.
  var knownInfo: MongoServerInfo? { prepared.withLock { $0 } }

  /// What the server is; prepares the database the first time.
  func info(_ session: MongoSession) throws -> MongoServerInfo {
    if let info = prepared.withLock({ $0 }) { return info }
    let info = try Preparation(session).run()
    prepared.withLock { $0 = info }
    return info
  }

  private var hasLongOutage: Bool {
    let isAvailable = pool.isAvailable
    let now = ContinuousClock.now
    return outage.withLock { since in
      if isAvailable {
        since = nil
        return false
      }
      guard let start = since else {
        since = now
        return false
      }
      return now - start >= patience
    }
  }

  private var reason: String {
    "no MongoDB primary could be reached" + (pool.lastError.map { ": \($0.message)" } ?? "")
  }
}

extension StoreError {
  /// What an error of a body that had not begun, or of a read, means.
  init(any error: any Error) {
    switch error {
    case let error as StoreError: self = error
    case let error as MongoError: self = StoreError(error)
    case let error as MongoStoreOpenError: self = .unavailable(error.description)
    default: self = .unavailable("the call was not begun")
    }
  }
}

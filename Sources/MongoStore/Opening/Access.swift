import Inbox
import Locks
import Mongo

/// The way to the server: waits for a primary, but never long, and prepares the database before anything else.
/// When the database turns out to be another, it is looked at again before anything goes on.
final class Access: Sendable {
  let pool: MongoClientPool
  let patience: Duration
  // Held for a look or an entry, never while the server is asked.
  private let known = Locked(Known())
  private let outage = Locked<ContinuousClock.Instant?>(.now)
  private let namesCollections: Bool

  private struct Known {
    var layout: Layout?
    var pasts = 0
    /// Why the database can't be used, as was found just now.
    var refusal: (error: StoreError, until: ContinuousClock.Instant)?
    /// Since when a database that had something is empty.
    var emptySince: ContinuousClock.Instant?
  }

  /// How long a database that was there before has to be empty before it is made ready anew: a restore drops
  /// collections and fills them at once.
  private static let emptyAtLeast = Duration.seconds(1)
  /// How long a refusal holds: many calls ask at once.
  private static let refusalLasts = Duration.milliseconds(100)

  /// `patience` is how long an outage may last before calls fail at once. Without `namesCollections` commands
  /// don't say which collection they mean, as on servers before 6.0: for tests.
  init(_ pool: MongoClientPool, patience: Duration, namesCollections: Bool = true) {
    self.pool = pool
    self.patience = patience
    self.namesCollections = namesCollections
  }

  /// Runs `body` on one of the pool's threads. While there is no primary calls wait for one; once that has
  /// lasted longer than a call may wait, they fail at once.
  ///
  /// `deadline` is when the caller stops waiting: no command is begun after it, and a read ends with it.
  func run<Value: Sendable>(
    deadline: ContinuousClock.Instant? = nil,
    _ body: @escaping @Sendable (MongoSession, Layout) throws -> Value
  ) async throws -> Value {
    guard !hasLongOutage else { throw StoreError.unavailable(reason) }
    return try await pool.run(deadline: deadline) { session in
      try self.withLayout(session) { try body(session, $0) }
    }
  }

  /// As `run` on a database that need not be whole.
  func examine<Value: Sendable>(
    _ body: @escaping @Sendable (MongoSession) throws -> Value
  ) async throws -> Value {
    guard !hasLongOutage else { throw StoreError.unavailable(reason) }
    return try await pool.run { session in try body(session) }
  }

  /// As `run` without a task: `body` gets a session, or the reason why there is none, which may be at once.
  func start(_ body: @escaping @Sendable (Result<MongoSession, any Error>) -> Void) {
    guard !hasLongOutage else { return body(.failure(StoreError.unavailable(reason))) }
    pool.start(body)
  }

  /// What was found, once the database is prepared and as long as it is the same.
  var layout: Layout? { known.withLock { $0.layout } }

  /// Runs `body` with what the database is, which is prepared the first time, and looked at again once there
  /// are signs that it is another.
  func withLayout<R>(_ session: MongoSession, _ body: (Layout) throws -> R) throws -> R {
    let layout = try layout(session)
    layout.apply(to: session)
    // Of what was done without a layout.
    _ = session.takeSigns()
    defer { if session.takeSigns().ofChange { lose(layout) } }
    return try body(layout)
  }

  private func layout(_ session: MongoSession) throws -> Layout {
    let era = pool.era
    let (found, makes) = try known.withLock { known throws -> (Layout?, Bool) in
      if let layout = known.layout, layout.era == era { return (layout, false) }
      let now = ContinuousClock.now
      if let refusal = known.refusal, now < refusal.until { throw refusal.error }
      return (nil, known.pasts == 0 || known.emptySince.map { now - $0 >= Self.emptyAtLeast } ?? false)
    }
    if let found { return found }
    session.collectionUUIDs = [:]
    do {
      let (server, state) = try Preparation(session).run(makes: makes)
      return adopt(server, state, era)
    } catch let error as StoreError {
      known.withLock { known in
        known.refusal = (error, .now + Self.refusalLasts)
        known.emptySince = error == .emptied ? known.emptySince ?? .now : nil
      }
      throw error
    }
  }

  private func adopt(_ server: MongoServerInfo, _ state: DatabaseState, _ era: Int) -> Layout {
    known.withLock { known in
      known.refusal = nil
      known.emptySince = nil
      // Another thread has looked, too.
      if let layout = known.layout, layout.era == era, layout.state == state { return layout }
      known.pasts += 1
      let layout = Layout(
        server: server, state: state, era: era, past: Past(known.pasts),
        namesCollections: namesCollections && server.supportsCollectionUUIDs)
      known.layout = layout
      return layout
    }
  }

  /// The database may be another than this: it is looked at before anything else is done, and what was
  /// remembered is forgotten.
  private func lose(_ layout: Layout) {
    known.withLock { known in
      guard known.layout?.past === layout.past else { return }
      known.layout = nil
    }
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
    case let fault as LayoutFault: self = .unavailable("the database can't be used: \(fault.what)")
    case is BSONError: self = .damaged("a reply can't be read")
    default: self = .unavailable("the call was not begun")
    }
  }
}

import Inbox
import Locks
import Mongo

/// The access to the server: waits for a primary, but never long, and prepares the database before anything
/// else. If there are signs that the database is another one, it is examined again before any other work.
final class Access: Sendable {
  let pool: MongoClientPool
  let clock: ServerClock
  let patience: Duration
  // Held for a look or an entry, never while the server is asked.
  private let known = Locked(State())
  private let outage = Locked<ContinuousClock.Instant?>(.now)
  private let namesCollections: Bool

  private struct State {
    var layout: Layout?
    var pasts = 0
    /// The error found when the database was last examined, and until when it holds.
    var refusal: (error: StoreError, until: ContinuousClock.Instant)?
    /// The time since which a database that had contents is empty.
    var emptySince: ContinuousClock.Instant?
  }

  /// The time for which a database that had contents must be empty before it is made ready again: a restore
  /// drops collections and fills them at once.
  private static let emptyAtLeast = Duration.seconds(1)
  /// The time for which a refusal holds: many calls ask at once.
  private static let refusalLasts = Duration.milliseconds(100)

  /// `patience` is the length of an outage after which calls fail at once. Without `namesCollections`
  /// commands don't name their collections by UUID, as on servers before 6.0: for tests.
  init(
    _ pool: MongoClientPool, _ clock: ServerClock, patience: Duration, namesCollections: Bool = true
  ) {
    self.pool = pool
    self.clock = clock
    self.patience = patience
    self.namesCollections = namesCollections
  }

  /// Runs `body` on one of the pool's threads. While there is no primary, calls wait for one; once an outage
  /// has lasted longer than a call may wait, they fail at once.
  ///
  /// `deadline` is the time until which the caller waits: no command is begun after it, and a read ends by
  /// then.
  func run<Value: Sendable>(
    deadline: ContinuousClock.Instant? = nil,
    _ body: @escaping @Sendable (MongoSession, Layout) throws -> Value
  ) async throws -> Value {
    guard !hasLongOutage else { throw StoreError.unavailable(reason) }
    return try await pool.run(deadline: deadline) { session in
      try self.withLayout(session) { try body(session, $0) }
    }
  }

  /// Runs `body` as `run` does, on a database that need not be complete.
  func examine<Value: Sendable>(
    _ body: @escaping @Sendable (MongoSession) throws -> Value
  ) async throws -> Value {
    guard !hasLongOutage else { throw StoreError.unavailable(reason) }
    return try await pool.run { session in try body(session) }
  }

  /// Runs `body` as `run` does, without a task: `body` gets a session, or the error if there is none, perhaps
  /// at once.
  func start(_ body: @escaping @Sendable (Result<MongoSession, any Error>) -> Void) {
    guard !hasLongOutage else { return body(.failure(StoreError.unavailable(reason))) }
    pool.start(body)
  }

  /// The layout that was found, once the database is prepared and as long as it stays the same.
  var layout: Layout? { known.withLock { $0.layout } }

  /// Runs `body` with the database's layout. The database is prepared the first time, and examined again
  /// after signs that it is another one.
  func withLayout<R>(_ session: MongoSession, _ body: (Layout) throws -> R) throws -> R {
    let layout = try layout(session)
    layout.apply(to: session)
    // These signs come from work without a layout.
    _ = session.takeSigns()
    defer { if session.takeSigns().ofChange || layout.past.isOver { lose(layout) } }
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
      // Another thread has found the same.
      if let layout = known.layout, layout.era == era, layout.state == state { return layout }
      known.pasts += 1
      let layout = Layout(
        server: server, state: state, era: era, clock: clock, past: Past(known.pasts),
        namesCollections: namesCollections && server.supportsCollectionUUIDs)
      known.layout = layout
      return layout
    }
  }

  /// Forgets a layout and what was remembered with it, since the database may be another one: it is examined
  /// before any other work.
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
  /// Translates the error of a read, or of a body that had not begun.
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

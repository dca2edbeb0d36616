/// Everything that the threads of a pool share and decide on: a value without threads.
struct PoolState: Sendable {
  var scheduler: PoolScheduler<PoolJob>
  /// The threads that have not ended.
  var workers: [Int: PoolWorker] = [:]
  var members: [ObjectIdentifier: any PoolMember] = [:]
  /// libmongoc's clients; nil until they are made, and once the pool is closed.
  var clients: Clients?
  var logins = Logins()
  var closing = PoolClosing()
  var hasConductor = false
  /// The number of times that the primary was lost.
  private(set) var losses = 0
  /// The error of the last heartbeat.
  var failure: MongoError?

  init(_ scheduler: PoolScheduler<PoolJob>) { self.scheduler = scheduler }

  /// The reason why there is no primary.
  var lastError: MongoError? { scheduler.isAvailable ? nil : failure }

  /// Notes whether there is a primary; nil if that is known already.
  mutating func topologyChanged(hasPrimary: Bool) -> [PoolScheduler<PoolJob>.Assignment]? {
    guard hasPrimary != scheduler.isAvailable else { return nil }
    if !hasPrimary { losses += 1 }
    return scheduler.setAvailable(hasPrimary)
  }

  /// Takes libmongoc's clients, to end them.
  mutating func takeClients() -> Clients? {
    defer { clients = nil }
    return clients
  }

  /// The parts of a pool that must learn of its closing.
  struct Closed {
    var dropped: [PoolJob] = []
    var idle: [PoolWorker] = []
    var members: [any PoolMember] = []
  }

  /// Takes no more work; returns whom to tell, nobody if that was done before.
  mutating func close(patience: Duration?) -> Closed {
    guard !scheduler.isClosing else { return Closed() }
    closing.patience = patience
    let (dropped, idle) = scheduler.close()
    return Closed(dropped: dropped, idle: idle.compactMap { workers[$0] }, members: Array(members.values))
  }

  /// The next step of the thread that conducts an open pool.
  enum Step {
    /// Work that has waited too long, and the errors that say why.
    case expired([(job: PoolJob, error: MongoError)])
    /// Time to look whether there is something else to do.
    case proceed
    /// Nothing to do before this time.
    case wait(until: ContinuousClock.Instant?)
  }

  /// Decides on the next step, which is to proceed at `end` or when the pool closes.
  mutating func step(now: ContinuousClock.Instant, until end: ContinuousClock.Instant?) -> Step {
    let (expired, next) = scheduler.expire(now: now)
    guard expired.isEmpty else { return .expired(expired.map { ($0, expiry(of: $0, now: now)) }) }
    if scheduler.isClosing || end.map({ $0 <= now }) ?? false { return .proceed }
    return .wait(until: [next, end].compactMap(\.self).min())
  }

  private func expiry(of job: PoolJob, now: ContinuousClock.Instant) -> MongoError {
    if let deadline = job.deadline, deadline <= now { return .deadlinePassed }
    if scheduler.isAvailable {
      return MongoError(.overloaded, "all threads for MongoDB were busy for too long")
    }
    let reason = failure.map { ": \($0.message)" } ?? ""
    return MongoError(
      .unavailable, "no MongoDB primary could be reached\(reason)", domain: "server_selection")
  }
}

/// The end of a pool: who waits for it, and for how long. A value without threads.
struct PoolClosing: Sendable {
  typealias Waiter = CheckedContinuation<Void, Never>

  private var waiters: [Waiter] = []
  private var isOver = false
  /// The time to wait for the connections' end; nil for as long as it takes.
  var patience: Duration?

  /// Adds one who waits; returns false if there is nothing to wait for.
  mutating func add(_ waiter: Waiter) -> Bool {
    if !isOver { waiters.append(waiter) }
    return !isOver
  }

  /// Notes the end, and returns those who waited for it.
  mutating func finish() -> [Waiter] {
    isOver = true
    defer { waiters = [] }
    return waiters
  }
}

extension MongoError {
  static var deadlinePassed: MongoError {
    MongoError(.deadlineExceeded, "the deadline passed before MongoDB was asked")
  }

  static var poolIsClosed: MongoError { MongoError(.closed, "the MongoDB pool is closed") }

  static var noThread: MongoError { MongoError(.overloaded, "the system has no thread to give") }
}

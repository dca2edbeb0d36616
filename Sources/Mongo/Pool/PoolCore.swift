import Locks
import Logging
import Runtime

/// A pool's state behind its lock, and the threads that act on it: workers (``PoolWorker``), the threads of
/// members (``PoolMember``), libmongoc's monitoring, and the conductor, which makes libmongoc's clients, lets
/// waiting work expire, and takes everything down after the last worker and member.
///
/// The values in ``PoolState`` decide, and say what to do; it is done once the lock is free.
final class PoolCore: Sendable {
  let uri: MongoURI
  let logger: Logger
  let elections = Elections()
  // Held for a decision, never while the server is asked. Only the conductor waits for it.
  let state: Monitor<PoolState>

  init(_ uri: MongoURI, queueLimit: Int, logger: Logger) {
    self.uri = uri
    self.logger = logger
    state = Monitor(
      PoolState(
        PoolScheduler(threads: uri.threads, limit: queueLimit, waitLimit: uri.timeouts.waitQueue)))
  }

  var isAvailable: Bool { state.withLock { $0.scheduler.isAvailable } }

  var hasRoom: Bool { state.withLock { $0.scheduler.isAvailable && $0.scheduler.waiting == 0 } }

  var lastError: MongoError? { state.withLock { $0.lastError } }

  /// See ``MongoClientPool/era``.
  var era: Int { state.withLock { $0.losses } &+ elections.last }

  /// Starts the pool. If the system has no thread to give, the first call asks for one again.
  func start() {
    state.withLock { _ = hasConducted(&$0) }
  }

  /// Whether there is a conductor; asks for one first.
  private func hasConducted(_ state: inout PoolState) -> Bool {
    if !state.hasConductor { state.hasConductor = SystemThread.start { self.conduct() } }
    return state.hasConductor
  }

  /// libmongoc's clients. There are some while a worker or a member that has seen a primary lives.
  var clients: Clients {
    guard let clients = state.withLock({ $0.clients }) else { preconditionFailure("there was a primary") }
    return clients
  }
}

// MARK: Work

extension PoolCore {
  private enum Placement {
    case given(to: PoolWorker)
    case start(PoolWorker)
    case queued(wakesConductor: Bool)
    case refused(MongoError)
    /// The caller took the work back before it came here.
    case takenBack
  }

  func submit(_ job: PoolJob) {
    let now = ContinuousClock.now
    if let deadline = job.deadline, deadline <= now { return job.fail(.deadlinePassed) }
    let placement = state.withLock { state -> Placement in
      guard !job.work.isCancelled else { return .takenBack }
      guard state.scheduler.isClosing || hasConducted(&state) else { return .refused(.noThread) }
      switch state.scheduler.submit(job, deadline: job.deadline, now: now) {
      case .assign(let id): return .given(to: state.worker(id))
      case .start(let id): return .start(state.worker(id))
      case .queued(let wakesTimer): return .queued(wakesConductor: wakesTimer)
      case .refused(.full): return .refused(MongoError(.overloaded, "too many calls wait for MongoDB"))
      case .refused(.closed): return .refused(.poolIsClosed)
      }
    }
    switch placement {
    case .given(let worker): worker.give(job)
    case .start(let worker): start(worker, job)
    case .queued(let wakesConductor): if wakesConductor { state.wake() }
    case .refused(let error): job.fail(error)
    case .takenBack: break
    }
  }

  /// Makes room in the queue for other work than this, which was taken back.
  func forget(_ work: QueuedWork) {
    state.withLock { _ = $0.scheduler.cancel { $0.work === work } }
  }

  private func start(_ worker: PoolWorker, _ job: PoolJob) {
    guard !worker.start(job, in: self) else { return }
    state.update { state in
      state.workers[worker.id] = nil
      state.scheduler.workerDidNotStart()
    }
    job.fail(.noThread)
  }

  /// Notes whether there is a primary, and which election made it one. Called from libmongoc's monitoring
  /// threads.
  func topologyChanged(hasPrimary: Bool, election: String?) {
    if let election { elections.met(election) }
    let (assignments, members) = state.withLock {
      state -> ([(PoolWorker, PoolJob, Bool)], [any PoolMember]) in
      let assignments = state.topologyChanged(hasPrimary: hasPrimary) ?? []
      return (
        assignments.map { (state.worker($0.worker), $0.work, $0.isNew) }, Array(state.members.values)
      )
    }
    for (worker, job, isNew) in assignments { if isNew { start(worker, job) } else { worker.give(job) } }
    for member in members {
      member.availabilityChanged(hasPrimary)
      if hasPrimary { member.primaryChanged(in: self) }
    }
  }
}

extension PoolState {
  /// The thread with this number, which the scheduler has made up.
  fileprivate mutating func worker(_ id: Int) -> PoolWorker {
    if let worker = workers[id] { return worker }
    let worker = PoolWorker(id)
    workers[id] = worker
    return worker
  }
}

// MARK: Workers and members

extension PoolCore {
  /// The login that a client must have to be used.
  var login: Int { state.withLock { $0.logins.number } }

  /// Notes that the server did not take a client of this login for the user's.
  func lost(_ login: Int) { state.withLock { $0.logins.lost(login, at: .now) } }

  func makeSession() -> (MongoSession, login: Int) {
    let login = login
    let session = MongoSession(
      client: clients.pop(), database: uri.database, writeTimeout: uri.milliseconds.write,
      elections: elections)
    return (session, login)
  }

  /// Decides what a worker does after its work.
  func next(for worker: PoolWorker) -> PoolScheduler<PoolJob>.Next {
    state.withLock { $0.scheduler.next(for: worker.id) }
  }

  /// Notes the end of a worker.
  func ended(_ worker: PoolWorker) { state.update { $0.workers[worker.id] = nil } }

  /// Starts the member's thread.
  func add(_ member: some PoolMember) {
    let isOpen = state.withLock { state in
      guard !state.scheduler.isClosing else { return false }
      _ = hasConducted(&state)
      state.members[ObjectIdentifier(member)] = member
      member.availabilityChanged(state.scheduler.isAvailable)
      return true
    }
    guard isOpen else { return member.fail(.poolIsClosed) }
    let isStarted = SystemThread.start {
      member.run(in: self)
      self.remove(member)
    }
    guard !isStarted else { return }
    member.fail(.noThread)
    remove(member)
  }

  private func remove(_ member: some PoolMember) {
    state.update { $0.members[ObjectIdentifier(member)] = nil }
  }
}

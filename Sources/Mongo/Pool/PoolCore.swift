import CMongoC
import Locks
import Logging
import Runtime

/// The threads and the lock around a ``PoolScheduler``.
///
/// `@unchecked Sendable`: every stored variable is used only under `lock`. The conductor thread makes the
/// libmongoc pool, lets waiting work expire, and takes everything down after the last worker and stream.
final class PoolCore: @unchecked Sendable {
  private final class Worker {
    let signal = Lock.Signal()
    var job: PoolJob?
  }

  let uri: MongoURI
  let logger: Logger
  let elections = Elections()
  private let lock = Lock()
  private let conductor = Lock.Signal()
  private var scheduler: PoolScheduler<PoolJob>
  private var workers: [Int: Worker] = [:]
  private var streams: [ObjectIdentifier: ChangeStreamCore] = [:]
  private var clients: OpaquePointer?
  private var failure: MongoError?
  private var hasConductor = false
  private var losses = 0
  private var logins = Logins()
  private var closers: [CheckedContinuation<Void, Never>] = []
  private var closingPatience: Duration?
  private var isDestroyed = false
  private var isClosed = false

  init(_ uri: MongoURI, queueLimit: Int, logger: Logger) {
    self.uri = uri
    self.logger = logger
    scheduler = PoolScheduler(
      threads: uri.threads, limit: queueLimit, waitLimit: uri.timeouts.waitQueue)
  }

  var isAvailable: Bool { lock.withLock { scheduler.isAvailable } }

  var hasRoom: Bool { lock.withLock { scheduler.isAvailable && scheduler.waiting == 0 } }

  var lastError: MongoError? { lock.withLock { scheduler.isAvailable ? nil : failure } }

  /// See ``MongoClientPool/era``.
  var era: Int { lock.withLock { losses } &+ elections.last }

  func start() {
    // If the system has no thread to give, the first call asks for one again.
    _ = lock.withLock { hasConducted() }
  }

  /// Whether there is a conductor; asks for one first. To be called under the lock.
  private func hasConducted() -> Bool {
    if !hasConductor { hasConductor = SystemThread.startDetached { self.conduct() } }
    return hasConductor
  }

  private static var noThread: MongoError { MongoError(.overloaded, "the system has no thread to give") }
}

// MARK: Work

extension PoolCore {
  func submit(_ job: PoolJob) {
    let now = ContinuousClock.now
    if let deadline = job.work.deadline, deadline <= now { return job.settle(.fail(Self.deadlinePassed)) }
    let refusal = lock.withLock { () -> (any Error)? in
      // The task may have been cancelled before its work came here.
      guard !job.work.isCancelled else { return CancellationError() }
      guard scheduler.isClosing || hasConducted() else { return Self.noThread }
      switch scheduler.submit(job, deadline: job.work.deadline, now: now) {
      case .assign(let id): return assign(job, to: id)
      case .start(let id): return startWorker(id, with: job)
      case .queued(let wakesTimer):
        if wakesTimer { conductor.signal() }
        return nil
      case .refused(.full): return MongoError(.overloaded, "too many calls wait for MongoDB")
      case .refused(.closed): return MongoError(.closed, "the MongoDB pool is closed")
      }
    }
    if let refusal { job.settle(.fail(refusal)) }
  }

  func cancel(_ work: PoolWork) {
    let job = lock.withLock {
      work.cancel()
      return scheduler.cancel { $0.work === work }
    }
    // Not called from within the task's cancellation, which still accesses what a resumed task releases.
    if let job { Task.detached { job.settle(.fail(CancellationError())) } }
  }

  private func assign(_ job: PoolJob, to id: Int) -> (any Error)? {
    guard let worker = workers[id] else { preconditionFailure("an idle worker exists") }
    worker.job = job
    worker.signal.signal()
    return nil
  }

  private func startWorker(_ id: Int, with job: PoolJob) -> (any Error)? {
    let worker = Worker()
    worker.job = job
    workers[id] = worker
    guard !SystemThread.startDetached({ self.work(id) }) else { return nil }
    workers[id] = nil
    scheduler.workerDidNotStart()
    return Self.noThread
  }

  /// The body of a worker thread. It keeps a client from libmongoc's pool until the pool closes, or until the
  /// server no longer takes the client's connections for the user's.
  private func work(_ id: Int) {
    var (session, login) = makeSession()
    while let job = nextJob(id) {
      if login != lock.withLock({ logins.number }) {
        session.end()
        discard(session.client)
        (session, login) = makeSession()
      }
      session.begin(job.work)
      job.settle(.run(session))
      if session.takeLostLogin() { lock.withLock { logins.lost(login, at: .now) } }
    }
    session.end()
    withClients { mongoc_client_pool_push($0, session.client) }
    lock.withLock {
      workers[id] = nil
      conductor.signal()
    }
  }

  private func makeSession() -> (MongoSession, login: Int) {
    let login = lock.withLock { logins.number }
    guard let client = withClients(mongoc_client_pool_pop) else { preconditionFailure("work needs clients") }
    let session = MongoSession(
      client: client, database: uri.database, writeTimeout: uri.milliseconds.write, elections: elections)
    return (session, login)
  }

  /// Ends a client and its connections. libmongoc's pool does the same with surplus clients, but goes on
  /// counting this one, so the pool gets room for another.
  private func discard(_ client: OpaquePointer) {
    mongoc_client_destroy(client)
    lock.withLock {
      logins.discarded += 1
      mongoc_client_pool_max_size(clients, ClientFactory.room(uri, beside: logins.discarded))
    }
  }

  private func nextJob(_ id: Int) -> PoolJob? {
    lock.withLock {
      guard let worker = workers[id] else { preconditionFailure("the worker exists until it exits") }
      if worker.job == nil {
        switch scheduler.next(for: id) {
        case .run(let job): return job
        case .exit: return nil
        case .wait: while worker.job == nil && !scheduler.isClosing { worker.signal.wait(lock) }
        }
      }
      defer { worker.job = nil }
      return worker.job
    }
  }

  /// Calls `body` with libmongoc's pool, whose own functions are safe on every thread.
  func withClients<R>(_ body: (OpaquePointer?) -> R) -> R {
    body(lock.withLock { clients })
  }

  private static var deadlinePassed: MongoError {
    MongoError(.deadlineExceeded, "the deadline passed before MongoDB was asked")
  }
}

// MARK: Topology

extension PoolCore {
  /// Called from libmongoc's monitoring threads.
  func topologyChanged(hasPrimary: Bool) {
    let (failed, streams) = lock.withLock { () -> ([(PoolJob, any Error)], [ChangeStreamCore]) in
      guard hasPrimary != scheduler.isAvailable else { return ([], []) }
      if !hasPrimary { losses += 1 }
      let assignments = scheduler.setAvailable(hasPrimary)
      let failed = assignments.compactMap { assignment -> (PoolJob, any Error)? in
        let error =
          assignment.isNew
          ? startWorker(assignment.worker, with: assignment.work)
          : assign(assignment.work, to: assignment.worker)
        return error.map { (assignment.work, $0) }
      }
      return (failed, Array(self.streams.values))
    }
    for (job, error) in failed { job.settle(.fail(error)) }
    for stream in streams { stream.availabilityChanged(hasPrimary) }
  }

  func heartbeatFailed(_ error: MongoError) {
    lock.withLock { failure = error }
  }
}

// MARK: Change streams

extension PoolCore {
  /// Starts the stream's thread, which calls ``remove(_:)`` when it ends.
  func add(_ stream: ChangeStreamCore) {
    let isOpen = lock.withLock {
      guard !scheduler.isClosing else { return false }
      _ = hasConducted()
      streams[ObjectIdentifier(stream)] = stream
      stream.availabilityChanged(scheduler.isAvailable)
      return true
    }
    guard isOpen else { return stream.fail(MongoError(.closed, "the MongoDB pool is closed")) }
    guard !SystemThread.startDetached({ stream.watch(in: self) }) else { return }
    stream.fail(Self.noThread)
    remove(stream)
  }

  func remove(_ stream: ChangeStreamCore) {
    lock.withLock {
      streams[ObjectIdentifier(stream)] = nil
      conductor.signal()
    }
  }
}

// MARK: The conductor

extension PoolCore {
  func beginClose(_ closer: CheckedContinuation<Void, Never>?, patience: Duration?) {
    let (dropped, streams, isClosed) = lock.withLock { () -> ([PoolJob], [ChangeStreamCore], Bool) in
      if let closer, !self.isClosed { closers.append(closer) }
      guard !scheduler.isClosing else { return ([], [], self.isClosed) }
      closingPatience = patience
      let (dropped, idle) = scheduler.close()
      for id in idle { workers[id]?.signal.signal() }
      conductor.signal()
      return (dropped, Array(self.streams.values), false)
    }
    if isClosed { closer?.resume() }
    if !lock.withLock({ hasConductor }) { finish() }
    for job in dropped { job.settle(.fail(MongoError(.closed, "the MongoDB pool is closed"))) }
    for stream in streams { stream.close() }
  }

  private func conduct() {
    let context = Unmanaged.passUnretained(self).toOpaque()
    while let wait = makeClients(context) { waitAndExpire(atMost: wait) }
    while lock.withLock({ !scheduler.isClosing }) { waitAndExpire(atMost: nil) }
    let clients = lock.withLock {
      while !workers.isEmpty || !streams.isEmpty { conductor.wait(lock) }
      defer { self.clients = nil }
      return self.clients
    }
    if let clients { destroy(clients, patience: lock.withLock { closingPatience }) }
    finish()
  }

  /// Ends the sessions on the server once no client is in use, then joins libmongoc's monitoring threads, the
  /// last to use the context.
  private func destroy(_ clients: OpaquePointer, patience: Duration?) {
    guard let patience else { return mongoc_client_pool_destroy(clients) }
    // The pointer belongs to this thread alone until it is handed to the other one.
    nonisolated(unsafe) let clients = clients
    let isStarted = SystemThread.startDetached {
      mongoc_client_pool_destroy(clients)
      self.lock.withLock {
        self.isDestroyed = true
        self.conductor.signal()
      }
    }
    guard isStarted else { return mongoc_client_pool_destroy(clients) }
    let end = ContinuousClock.now + patience
    lock.withLock {
      while !isDestroyed, .now < end { conductor.wait(lock, atMost: end - .now) }
    }
  }

  /// Makes libmongoc's pool; returns the time to wait before the next attempt, nil if none is needed. Only
  /// `mongodb+srv://` can fail, if DNS does.
  private func makeClients(_ context: UnsafeMutableRawPointer) -> Duration? {
    guard lock.withLock({ !scheduler.isClosing }) else { return nil }
    // libmongoc doesn't check whether its threads start, and joins them all the same.
    guard SystemThread.canStart(2 * uri.hosts.count + 4) else {
      heartbeatFailed(Self.noThread)
      return uri.timeouts.heartbeat
    }
    do throws(MongoError) {
      let made = try ClientFactory.makePool(uri, context: context)
      lock.withLock { clients = made }
      // The first client starts the monitoring; it stays in the pool for the first worker.
      mongoc_client_pool_push(made, mongoc_client_pool_pop(made))
      return nil
    } catch {
      logger.warning("MongoDB: \(error)")
      heartbeatFailed(error)
      return uri.timeouts.heartbeat
    }
  }

  /// Waits for a signal, an expiry or this long, then fails the work that has waited too long.
  private func waitAndExpire(atMost limit: Duration?) {
    let (expired, isAvailable) = lock.withLock { () -> ([PoolJob], Bool) in
      let next = scheduler.expire(now: .now)
      guard next.expired.isEmpty, !scheduler.isClosing else { return (next.expired, scheduler.isAvailable) }
      switch (next.next.map { $0 - .now }, limit) {
      case (nil, nil): conductor.wait(lock)
      case (let some?, nil), (nil, let some?): conductor.wait(lock, atMost: some)
      case (let some?, let limit?): conductor.wait(lock, atMost: min(some, limit))
      }
      return ([], false)
    }
    for job in expired { job.settle(.fail(expiry(of: job, isAvailable: isAvailable))) }
  }

  private func expiry(of job: PoolJob, isAvailable: Bool) -> MongoError {
    if let deadline = job.work.deadline, deadline <= .now { return Self.deadlinePassed }
    if isAvailable { return MongoError(.overloaded, "all threads for MongoDB were busy for too long") }
    let reason = lastError.map { ": \($0.message)" } ?? ""
    return MongoError(
      .unavailable, "no MongoDB primary could be reached\(reason)", domain: "server_selection")
  }

  private func finish() {
    let closers = lock.withLock {
      isClosed = true
      defer { self.closers = [] }
      return self.closers
    }
    for closer in closers { closer.resume() }
  }
}

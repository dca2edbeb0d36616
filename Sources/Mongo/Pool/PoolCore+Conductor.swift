import Locks
import Logging
import Runtime

// The conductor's thread, and the closing that ends it.
extension PoolCore {
  /// Begins to close the pool. `waiter` is resumed when everything has ended.
  func beginClose(_ waiter: CheckedContinuation<Void, Never>?, patience: Duration?) {
    let (closed, hasEnded) = state.update { state in
      let hasEnded = waiter.map { !state.closing.add($0) } ?? false
      return (state.close(patience: patience), hasEnded)
    }
    if hasEnded { waiter?.resume() }
    if !state.withLock({ $0.hasConductor }) { finish() }
    for worker in closed.idle { worker.end() }
    for job in closed.dropped { job.fail(.poolIsClosed) }
    for member in closed.members { member.close() }
  }

  /// The body of the conductor's thread.
  func conduct() {
    while let pause = makeClients() { expireWork(until: .now + pause) }
    expireWork(until: nil)
    state.wait { $0.workers.isEmpty ? () : nil }
    let patience = state.withLock { $0.closing.patience }
    // A member that has not ended has a client: then the process ends with it.
    if membersEnd(within: patience), let clients = state.withLock({ $0.takeClients() }) {
      destroy(clients, patience: patience)
    }
    finish()
  }

  /// Waits for the members' end for as long as `patience` says; returns whether they have ended.
  private func membersEnd(within patience: Duration?) -> Bool {
    let haveEnded = { @Sendable (state: inout PoolState) -> Void? in state.members.isEmpty ? () : nil }
    guard let patience else {
      state.wait(for: haveEnded)
      return true
    }
    return state.wait(atMost: patience, for: haveEnded) != nil
  }

  /// Destroys the clients, and waits until that is done or for as long as `patience` says.
  private func destroy(_ clients: Clients, patience: Duration?) {
    guard let patience else { return clients.destroy() }
    let isDestroyed = Monitor(false)
    let isStarted = SystemThread.start {
      clients.destroy()
      isDestroyed.update { $0 = true }
    }
    guard isStarted else { return clients.destroy() }
    _ = isDestroyed.wait(atMost: patience) { $0 ? () : nil }
  }

  /// Makes libmongoc's clients; returns the time to wait before the next attempt, nil if none is needed. Only
  /// `mongodb+srv://` can fail, if DNS does.
  private func makeClients() -> Duration? {
    guard state.withLock({ !$0.scheduler.isClosing }) else { return nil }
    // libmongoc doesn't check whether its threads start, and joins them all the same.
    guard SystemThread.canStart(2 * uri.hosts.count + 4) else {
      heartbeatFailed(.noThread)
      return uri.timeouts.heartbeat
    }
    let observer = TopologyObserver(
      changed: { self.topologyChanged(hasPrimary: $0, election: $1) },
      failed: { self.heartbeatFailed($0) })
    do throws(MongoError) {
      let clients = try Clients(uri, observer)
      state.withLock { $0.clients = clients }
      // The monitoring begins; the client stays in the pool for the first worker.
      clients.push(clients.pop())
      return nil
    } catch {
      logger.warning("MongoDB: \(error)")
      heartbeatFailed(error)
      return uri.timeouts.heartbeat
    }
  }

  private func heartbeatFailed(_ error: MongoError) { state.withLock { $0.failure = error } }

  /// Fails the work that has waited too long, until this time or until the pool closes.
  private func expireWork(until end: ContinuousClock.Instant?) {
    while true {
      let expired = state.watch { state -> Monitor<PoolState>.Look<[(job: PoolJob, error: MongoError)]> in
        switch state.step(now: .now, until: end) {
        case .expired(let jobs): .done(jobs)
        case .proceed: .done([])
        case .wait(let time): .again(at: time)
        }
      }
      guard !expired.isEmpty else { return }
      for (job, error) in expired { job.fail(error) }
    }
  }

  private func finish() {
    for waiter in state.withLock({ $0.closing.finish() }) { waiter.resume() }
  }
}

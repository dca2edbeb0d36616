import Inbox
import Locks
import Mongo
import Runtime

/// The tools that the runs of a store share.
struct Tools: Sendable {
  let clock: ServerClock
  let leases = Leases()
  let feed: ChangeFeed
  /// The time for which a group may go on settling what it wrote.
  let patience: Duration
}

/// Runs a `WriteQueue` on the pool's threads.
final class Writer: Sendable {
  private struct State {
    var queue = WriteQueue()
    var closers: [CheckedContinuation<Void, Never>] = []
    var isWatchingLeases = false
  }

  // Held for an entry or a scan of the waiting work, never while the server is asked.
  private let state = Locked(State())
  private let access: Access
  private let tools: Tools

  init(_ access: Access, _ tools: Tools) {
    self.access = access
    self.tools = tools
  }

  /// Queues work; it has its place when this function returns.
  func add(_ work: Work) {
    let isOpen = state.withLock { $0.queue.add(work) }
    guard isOpen else { return work.fail(.closed) }
    startReady()
  }

  /// Accepts no more work, and waits until the accepted work is done.
  func close() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        state.queue.close()
        if !state.queue.isIdle { state.closers.append(continuation) }
        return state.queue.isIdle
      }
      if isIdle { continuation.resume() }
    }
  }

  private func startReady() {
    guard let summons = state.withLock({ $0.queue.call() }) else { return }
    access.start { self.run(summons, $0) }
  }

  private func run(_ summons: WriteQueue.Summons, _ session: Result<MongoSession, any Error>) {
    do {
      let session = try session.get()
      try access.withLayout(session) { layout in
        guard let group = state.withLock({ $0.queue.take(summons) }) else { return }
        // Starts work that may run beside this group.
        startReady()
        carryOut(group, session, layout)
        finish { $0.done(group.id) }
      }
    } catch {
      // Nothing was begun.
      let error = StoreError(any: error)
      let given = state.withLock { $0.queue.abandon(summons) }
      Cork.together { for work in given { work.fail(error) } }
      finish { _ in }
    }
    startReady()
  }

  /// Changes the queue; if it is then empty and closed, tells those who wait for its end.
  private func finish(_ body: (inout WriteQueue) -> Void) {
    let closers = state.withLock { state in
      body(&state.queue)
      guard state.queue.isClosed, state.queue.isIdle else { return [] as [CheckedContinuation<Void, Never>] }
      defer { state.closers = [] }
      return state.closers
    }
    for closer in closers { closer.resume() }
  }

  /// Carries out a group and tells every caller; throws nothing.
  private func carryOut(_ group: WriteQueue.Group, _ session: MongoSession, _ layout: Layout) {
    var appends: [Append] = []
    var marks: [MarksWrite] = []
    var retracts: [Retract] = []
    var restores: [Restore] = []
    for work in group.work where work.begin() {
      switch work {
      case .append(let append): appends.append(append)
      case .marks(let write): marks.append(write)
      case .retract(let retract): retracts.append(retract)
      case .restore(let restore): restores.append(restore)
      }
    }
    if !appends.isEmpty {
      holdBack(tools.leases.look(session, tools.clock))
      var run = AppendRun(appends, tools, layout, session)
      var results = run.run()
      // A call that met damage has written nothing; the damage may be in a log of another call.
      if appends.count > 1 {
        for (index, result) in results.enumerated() {
          guard case .failure(.damaged) = result else { continue }
          var alone = AppendRun([appends[index]], tools, layout, session)
          results[index] = alone.run()[0]
        }
      }
      Cork.together { for (append, result) in zip(appends, results) { append.settle(result) } }
    }
    if !marks.isEmpty {
      var run = MarksRun(marks, tools, layout, session)
      run.run()
    }
    if !retracts.isEmpty {
      var run = RetractRun(retracts, tools, layout, session)
      run.run()
    }
    for restore in restores {
      var run = RestoreRun(restore.plan, tools, layout, session)
      restore.settle(run.run())
    }
  }
}

// Leases of other processes.
extension Writer {
  /// Holds back appends to these logs, and looks again until they are free.
  private func holdBack(_ logs: Set<LogName>) {
    let startsWatching = state.withLock { state in
      state.queue.heldBack = logs
      guard !logs.isEmpty, !state.isWatchingLeases else { return false }
      state.isWatchingLeases = true
      return true
    }
    if startsWatching { Task.detached { await self.watchLeases() } }
  }

  private func watchLeases() async {
    var isHeld = true
    while isHeld {
      do {
        try await Task.sleep(for: .milliseconds(10))
        let logs = try await access.run { session, _ in self.tools.leases.look(session, self.tools.clock) }
        isHeld = !logs.isEmpty
        if isHeld { state.withLock { $0.queue.heldBack = logs } }
      } catch {
        // Without a primary there are no leases.
        isHeld = false
      }
      if !isHeld {
        state.withLock { state in
          state.queue.heldBack = []
          state.isWatchingLeases = false
        }
      }
      startReady()
    }
  }
}

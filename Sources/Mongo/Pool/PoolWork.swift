import Synchronization

/// One call of ``MongoClientPool/run(deadline:_:)``. It is settled exactly once, by the code that takes it
/// out of the scheduler.
final class PoolWork: Sendable {
  enum Turn {
    case run(MongoSession)
    case fail(any Error)
  }

  let deadline: ContinuousClock.Instant?
  private let cancelled = Atomic(false)

  init(deadline: ContinuousClock.Instant?) {
    self.deadline = deadline
  }

  var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

  func cancel() {
    cancelled.store(true, ordering: .relaxed)
  }
}

/// Work in the queue: the call, and the closure that settles it.
final class PoolJob: Sendable {
  let work: PoolWork
  let settle: @Sendable (PoolWork.Turn) -> Void

  init(_ work: PoolWork, _ settle: @escaping @Sendable (PoolWork.Turn) -> Void) {
    self.work = work
    self.settle = settle
  }
}

import Runtime

/// Work in a pool's queue. It is settled once: by a thread of the pool, by the code that takes it out of the
/// queue, or by its caller, who takes it back.
struct PoolJob: Sendable {
  let work: QueuedWork
  let deadline: ContinuousClock.Instant?
  private let settle: @Sendable (Result<MongoSession, any Error>) -> Void

  init(
    _ work: QueuedWork, deadline: ContinuousClock.Instant?,
    _ settle: @escaping @Sendable (Result<MongoSession, any Error>) -> Void
  ) {
    self.work = work
    self.deadline = deadline
    self.settle = settle
  }

  /// Runs the work on this thread, which may block.
  func run(_ session: MongoSession) {
    guard work.begin() else { return }
    session.begin(work, deadline: deadline)
    settle(.success(session))
  }

  /// Tells the caller that the work is not begun.
  func fail(_ error: MongoError) {
    if work.begin() { settle(.failure(error)) }
  }
}

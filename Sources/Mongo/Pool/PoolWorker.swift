import Locks
import Logging
import Runtime

/// A thread of a pool, which carries out one job at a time.
final class PoolWorker: Sendable {
  /// An order to a thread that waits.
  private enum Order: Sendable {
    case run(PoolJob)
    case exit
  }

  let id: Int
  private let order = Monitor<Order?>(nil)

  init(_ id: Int) { self.id = id }

  /// Gives a job to the thread, which waits for one.
  func give(_ job: PoolJob) { order.update { $0 = .run(job) } }

  /// Tells the thread, which waits for a job, that there will be none.
  func end() { order.update { $0 = .exit } }

  /// Waits for a job; nil if there will be none.
  private func wait() -> PoolJob? {
    let order = order.wait { order in
      defer { order = nil }
      return order
    }
    guard case .run(let job) = order else { return nil }
    return job
  }

  /// Starts the thread with its first job; returns false if the system has none to give.
  func start(_ job: PoolJob, in pool: PoolCore) -> Bool {
    SystemThread.start { self.work(job, in: pool) }
  }

  /// The body of the thread. It keeps a client from libmongoc's pool until the pool closes, or until the
  /// server no longer takes the client's connections for the user's.
  private func work(_ first: PoolJob, in pool: PoolCore) {
    var (session, login) = pool.makeSession()
    var next: PoolJob? = first
    while let job = next {
      if login != pool.login {
        session.end()
        pool.clients.discard(session.client)
        (session, login) = pool.makeSession()
      }
      job.run(session)
      if session.takeLostLogin() { pool.lost(login) }
      switch pool.next(for: self) {
      case .run(let job): next = job
      case .wait: next = wait()
      case .exit: next = nil
      }
    }
    session.end()
    pool.clients.push(session.client)
    pool.ended(self)
  }
}

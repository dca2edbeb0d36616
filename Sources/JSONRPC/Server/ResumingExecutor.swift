/// Runs a resumed call on the thread that resumes it: the thread of a store that has the call's result also
/// queues the answer, and no other thread has to be woken for the few remaining instructions.
///
/// A store must therefore not hold a lock when it resumes a call, and a call must be short after its last
/// suspension.
final class ResumingExecutor: TaskExecutor {
  static let shared = ResumingExecutor()

  func enqueue(_ job: consuming ExecutorJob) {
    job.runSynchronously(on: asUnownedTaskExecutor())
  }
}

/// Lets a call go on where it is resumed: the thread of a store that has its result also queues the answer,
/// and no other thread has to be woken for the few instructions that are left.
///
/// A store must therefore resume without holding a lock, and what a call does after its last wait is short.
final class ResumingExecutor: TaskExecutor {
  static let shared = ResumingExecutor()

  func enqueue(_ job: consuming ExecutorJob) {
    job.runSynchronously(on: asUnownedTaskExecutor())
  }
}

import Dispatch
import Locks
import Runtime
import Testing

extension DispatchSemaphore {
  /// Blocks this thread until somebody signals. A test in which nobody does fails, and doesn't hang.
  func waitOrFail() {
    if wait(timeout: .now() + .seconds(600)) == .timedOut { Issue.record("nobody signalled") }
  }

  /// Waits on a thread of the test's own, which may block.
  func waited() async {
    await withCheckedContinuation { continuation in
      let isStarted = SystemThread.start {
        self.waitOrFail()
        continuation.resume()
      }
      precondition(isStarted)
    }
  }
}

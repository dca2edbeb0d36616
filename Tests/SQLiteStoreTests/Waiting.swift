import Dispatch
import Locks
import Runtime

extension DispatchSemaphore {
  /// Waits on a thread of the test's own, which may block.
  func waited() async {
    await withCheckedContinuation { continuation in
      let isStarted = SystemThread.startDetached {
        self.wait()
        continuation.resume()
      }
      precondition(isStarted)
    }
  }
}

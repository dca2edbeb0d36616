import JSONRPC
import LibC
import Synchronization

/// Turns SIGTERM and SIGINT into draining; a second one ends the process at once.
final class Signals: Sendable {
  // The watching thread takes the server once a signal has come. Held only for a moment each time.
  private let server = Mutex<Server?>(nil)
  private let drainMilliseconds: Int

  /// Starts to watch for signals. Create this before any other thread starts: threads inherit the mask of
  /// blocked signals, so that a signal reaches only the thread that waits for it.
  init(drainMilliseconds: Int) throws(CommandError) {
    self.drainMilliseconds = drainMilliseconds
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    try SystemLimits.startThread("signals") { [self, signals] in watch(signals) }
  }

  /// From now on the first signal drains this server. Before this call, it ends the process.
  func drain(_ server: Server) {
    self.server.withLock { $0 = server }
  }

  private func watch(_ signals: sigset_t) {
    var signals = signals
    var number: Int32 = 0
    while true {
      guard sigwait(&signals, &number) == 0 else { continue }
      // The server is taken out, so that the next signal finds nothing to drain.
      guard let server = server.withLock({ $0.take() }) else { _exit(128 + number) }
      server.drain(timeoutMilliseconds: drainMilliseconds)
      // Ends the process if draining does not: a thread that hangs in a system call, or waits for a thread
      // that the system doesn't give, can't notice that the time is over.
      var rest = timespec(tv_sec: drainMilliseconds / 1000 + 2, tv_nsec: 0)
      let second = sigtimedwait(&signals, nil, &rest)
      _exit(second > 0 ? 128 + second : ExitStatus.retryable.rawValue)
    }
  }
}

/// A value that threads share and wait for.
///
/// Unchecked: the value is touched only while the lock is held.
public final class Monitor<State: Sendable>: @unchecked Sendable {
  private let lock = Lock()
  private let changed = Lock.Signal()
  private var state: State

  /// Wraps a value that nobody waits for yet.
  public init(_ state: State) {
    self.state = state
  }

  /// Changes the value and wakes one thread that waits; blocks for no longer than another such change takes.
  public func update<R>(_ body: (inout State) -> R) -> R {
    let result = lock.withLock { body(&state) }
    // The lock is free when a thread is woken; otherwise the thread would wake only to wait for the lock.
    changed.signal()
    return result
  }

  /// Changes the value and wakes all threads that wait.
  public func updateForAll<R>(_ body: (inout State) -> R) -> R {
    let result = lock.withLock { body(&state) }
    changed.broadcast()
    return result
  }

  /// Blocks the thread until `body` returns a value.
  public func wait<R>(for body: (inout State) -> R?) -> R {
    lock.withLock {
      while true {
        if let result = body(&state) { return result }
        changed.wait(lock)
      }
    }
  }

  /// Waits as `wait(for:)` does, for about this long at most; nil if `body` has returned nothing by then.
  public func wait<R>(atMost duration: Duration, for body: (inout State) -> R?) -> R? {
    let deadline = ContinuousClock.now + duration
    return lock.withLock {
      while true {
        if let result = body(&state) { return result }
        let left = deadline - .now
        guard left > .zero else { return nil }
        changed.wait(lock, atMost: left)
      }
    }
  }
}

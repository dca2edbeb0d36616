/// A value that threads share and wait for.
///
/// Every wait of this package goes through it: nobody can look at the value without the lock, or forget that a
/// thread may wake without a reason. A value has one kind of waiter; threads that are to be woken one by one
/// have a monitor each. What waits and wakes can be inlined: generic code of another module would ask for metadata at
/// each step.
///
/// Unchecked: the value is touched only while the lock is held.
public final class Monitor<State: Sendable>: @unchecked Sendable {
  @usableFromInline let lock = Lock()
  @usableFromInline var state: State

  /// A waiting thread's next step, as its look at the value decides.
  @frozen
  public enum Look<Result> {
    case done(Result)
    /// To be looked at again after the next change, and at this time at the latest.
    case again(at: ContinuousClock.Instant?)
  }

  /// Wraps a value that nobody waits for yet.
  @inlinable
  public init(_ state: State) {
    self.state = state
  }

  /// Looks at the value or changes it, and wakes nobody; blocks for no longer than another such look takes.
  @inlinable
  public func withLock<R>(_ body: (inout State) -> R) -> R {
    lock.withLock { body(&state) }
  }

  /// Wakes one thread that waits, for a change that was made by `withLock`.
  @inlinable
  public func wake() { lock.signal() }

  /// Changes the value and wakes one thread that waits.
  @inlinable
  public func update<R>(_ body: (inout State) -> R) -> R {
    let result = withLock(body)
    // The lock is free when a thread is woken; otherwise the thread would wake only to wait for the lock.
    lock.signal()
    return result
  }

  /// Changes the value and wakes all threads that wait.
  @inlinable
  public func updateForAll<R>(_ body: (inout State) -> R) -> R {
    let result = withLock(body)
    lock.broadcast()
    return result
  }

  /// Watches the value until `body` is done; blocks the thread.
  @inlinable
  public func watch<R>(_ body: (inout State) -> Look<R>) -> R {
    lock.withLock {
      while true {
        switch body(&state) {
        case .done(let result): return result
        case .again(nil): lock.wait()
        case .again(let time?): lock.wait(atMost: time - .now)
        }
      }
    }
  }

  /// Blocks the thread until `body` returns a value.
  @inlinable
  public func wait<R>(for body: (inout State) -> R?) -> R {
    watch { state in body(&state).map { .done($0) } ?? .again(at: nil) }
  }

  /// Waits as `wait(for:)` does, for about this long at most; nil if `body` has returned nothing by then.
  @inlinable
  public func wait<R>(atMost duration: Duration, for body: (inout State) -> R?) -> R? {
    let end = ContinuousClock.now + duration
    return watch { state in
      if let result = body(&state) { return .done(result) }
      return .now < end ? .again(at: end) : .done(nil)
    }
  }
}

import Locks

/// Work in a store's queue; the caller takes it back if its task is cancelled before the work has begun.
public final class QueuedWork: Sendable {
  private enum State: Sendable {
    case new
    /// The work is in the queue; the closure is called when it is taken back.
    case queued(@Sendable () -> Void)
    case begun
    case takenBack
  }

  // Held for a look or a change, never while a closure is called.
  private let state = Locked(State.new)

  init() {}

  /// Marks the work as begun; whoever does the work calls this first. False if it was taken back: then it
  /// must not be done, and its caller knows. May be called more than once.
  public func begin() -> Bool {
    state.withLock { state in
      if case .takenBack = state { return false }
      state = .begun
      return true
    }
  }

  /// Marks the work as queued; false if it was already taken back.
  fileprivate func enqueue(_ onTakingBack: @escaping @Sendable () -> Void) -> Bool {
    state.withLock { state in
      if case .takenBack = state { return false }
      state = .queued(onTakingBack)
      return true
    }
  }

  fileprivate func takeBack() {
    let tell = state.withLock { state -> (@Sendable () -> Void)? in
      switch state {
      case .begun, .takenBack: return nil
      case .new:
        state = .takenBack
        return nil
      case .queued(let tell):
        state = .takenBack
        return tell
      }
    }
    // Not called from within the task's cancellation, which still accesses what a resumed task releases.
    if let tell { Task.detached { tell() } }
  }
}

/// Waits for work that `enqueue` puts into a store's queue before the first suspension. Throws
/// `CancellationError` at once if the task is cancelled before the work has begun; from then on the work
/// decides the result.
@inline(__always)
public func withQueuedWork<Value: Sendable>(
  _ enqueue: (QueuedWork, CheckedContinuation<Value, any Error>) -> Void
) async throws -> Value {
  let work = QueuedWork()
  return try await withTaskCancellationHandler {
    try await withCheckedThrowingContinuation { continuation in
      if work.enqueue({ continuation.resume(throwing: CancellationError()) }) {
        enqueue(work, continuation)
      } else {
        continuation.resume(throwing: CancellationError())
      }
    }
  } onCancel: {
    work.takeBack()
  }
}

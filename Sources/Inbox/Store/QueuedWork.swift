import Locks

/// Work in a store's queue, which its caller takes back if the task is cancelled before the work is begun.
public final class QueuedWork: Sendable {
  private enum State: Sendable {
    case new
    /// In the queue; taking it back calls this.
    case queued(@Sendable () -> Void)
    case begun
    case takenBack
  }

  // Held for a look or a change, never while anything is called.
  private let state = Locked(State.new)

  init() {}

  /// To be called before the work is done, by whoever does it. False if it was taken back: then it must not be
  /// done, and its caller knows. May be called again.
  public func begin() -> Bool {
    state.withLock { state in
      if case .takenBack = state { return false }
      state = .begun
      return true
    }
  }

  /// False if it was taken back already.
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
    // Not from within the task's cancellation, which still looks at what a resumed task lets go of.
    if let tell { Task.detached { tell() } }
  }
}

/// Waits for work that `enqueue` puts into a store's queue, before the first suspension. Throws
/// `CancellationError`, at once, if the task is cancelled before the work was begun; from then on the work
/// decides what comes of it.
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

/// What a store may know of the call that it works for.
public enum StoreCall {
  /// When the caller stops waiting: a read that can be bounded ends by then, with a `CancellationError`.
  @TaskLocal public static var deadline: ContinuousClock.Instant?
}

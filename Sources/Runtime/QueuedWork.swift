import Locks

/// Work in a queue; the caller takes it back if its task is cancelled before the work has begun.
public final class QueuedWork: Sendable {
  private enum State: Sendable {
    case new
    /// The work is in the queue; the closure is called when it is taken back.
    case queued(@Sendable (QueuedWork) -> Void)
    case begun
    /// The task was cancelled too late: the work is done, and may be cut short.
    case cancelled
    case takenBack
  }

  // Held for a look or a change, never while a closure is called.
  private let state = Locked(State.new)

  /// Creates work that nobody takes back.
  public init() {}

  /// Marks the work as begun; whoever does the work or refuses it calls this first. False if it was taken
  /// back: then it must not be done, and its caller knows. May be called more than once.
  public func begin() -> Bool {
    state.withLock { state in
      switch state {
      case .takenBack: return false
      case .cancelled: return true
      case .new, .queued, .begun:
        state = .begun
        return true
      }
    }
  }

  /// Whether the task that waits was cancelled, whether before the work had begun or after.
  public var isCancelled: Bool {
    state.withLock { state in
      switch state {
      case .new, .queued, .begun: false
      case .cancelled, .takenBack: true
      }
    }
  }

  /// Marks the work as queued; false if it was already taken back. The closure is called if it is taken back later.
  public func enqueue(_ onTakingBack: @escaping @Sendable (QueuedWork) -> Void) -> Bool {
    state.withLock { state in
      if case .takenBack = state { return false }
      state = .queued(onTakingBack)
      return true
    }
  }

  /// Takes the work back unless it has begun: nobody waits for it any more.
  public func takeBack() {
    let tell = state.withLock { state -> (@Sendable (QueuedWork) -> Void)? in
      switch state {
      case .cancelled, .takenBack: return nil
      case .begun:
        state = .cancelled
        return nil
      case .new:
        state = .takenBack
        return nil
      case .queued(let tell):
        state = .takenBack
        return tell
      }
    }
    // Not called from within the task's cancellation, which still accesses what a resumed task releases.
    if let tell { Task.detached { tell(self) } }
  }
}

/// Waits for work that `enqueue` puts into a queue before the first suspension. Throws `CancellationError` at
/// once if the task is cancelled before the work has begun; from then on the work decides the result.
///
/// - Parameters:
///   - onTakingBack: Called first if the work is taken back: a queue may make room then. A queue that does
///     not need the room finds out by `begin`.
@inlinable @inline(__always)
public func withQueuedWork<Value: Sendable>(
  _ enqueue: (QueuedWork, CheckedContinuation<Value, any Error>) -> Void,
  onTakingBack: @escaping @Sendable (QueuedWork) -> Void = { _ in }
) async throws -> Value {
  let work = QueuedWork()
  return try await withTaskCancellationHandler {
    try await withCheckedThrowingContinuation { continuation in
      let isQueued = work.enqueue { work in
        onTakingBack(work)
        continuation.resume(throwing: CancellationError())
      }
      if isQueued {
        enqueue(work, continuation)
      } else {
        continuation.resume(throwing: CancellationError())
      }
    }
  } onCancel: {
    work.takeBack()
  }
}

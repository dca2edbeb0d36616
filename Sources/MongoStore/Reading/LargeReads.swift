import DequeModule
import Locks

/// Bounds how many views hold many bytes of messages at once: those in memory are counted nowhere else until
/// their answers are written. Who has to wait holds none, and comes in the order of asking.
final class LargeReads: Sendable {
  /// A read that may become a large one.
  final class Pass: Sendable {
    fileprivate let reads: LargeReads
    // Held for a look or a change.
    fileprivate let isTaken = Locked(false)

    fileprivate init(_ reads: LargeReads) { self.reads = reads }

    /// Whether the view may hold many bytes; gets a place if one is free.
    func mayBeLarge() -> Bool {
      if isTaken.withLock({ $0 }) { return true }
      guard reads.takePlace() else { return false }
      isTaken.withLock { $0 = true }
      return true
    }

    /// Waits for a place. Throws `CancellationError` once the task is cancelled.
    func wait() async throws {
      try await reads.wait()
      isTaken.withLock { $0 = true }
    }

    /// The view's answer is counted elsewhere now.
    func end() {
      let hadPlace = isTaken.withLock { isTaken in
        defer { isTaken = false }
        return isTaken
      }
      if hadPlace { reads.leave() }
    }
  }

  private struct State {
    var free: Int
    var lastID = 0
    var waiting: Deque<(id: Int, continuation: CheckedContinuation<Void, any Error>)> = []
    /// Who gave up before there was anything to wake.
    var cancelled: Set<Int> = []
  }

  // Held for an entry, never while anybody is woken.
  private let state: Locked<State>

  init(places: Int) { state = Locked(State(free: places)) }

  func pass() -> Pass { Pass(self) }

  private func takePlace() -> Bool {
    state.withLock { state in
      guard state.free > 0, state.waiting.isEmpty else { return false }
      state.free -= 1
      return true
    }
  }

  private func wait() async throws {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let ready = state.withLock { state -> Result<Void, any Error>? in
          if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
          guard state.free > 0, state.waiting.isEmpty else {
            state.waiting.append((id, continuation))
            return nil
          }
          state.free -= 1
          return .success(())
        }
        if let ready { continuation.resume(with: ready) }
      }
    } onCancel: {
      let waiting = state.withLock { state -> CheckedContinuation<Void, any Error>? in
        guard let index = state.waiting.firstIndex(where: { $0.id == id }) else {
          state.cancelled.insert(id)
          return nil
        }
        return state.waiting.remove(at: index).continuation
      }
      // Not from within the cancellation, which still looks at what a resumed task lets go of.
      if let waiting { Task.detached { waiting.resume(throwing: CancellationError()) } }
    }
    // Cancelled after it had its place.
    state.withLock { _ = $0.cancelled.remove(id) }
  }

  private func leave() {
    let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
      guard let first = state.waiting.popFirst() else {
        state.free += 1
        return nil
      }
      return first.continuation
    }
    next?.resume()
  }
}

/// A view would hold more than it may now.
struct Crowded: Error {}

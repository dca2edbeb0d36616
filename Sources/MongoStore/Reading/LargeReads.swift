import DequeModule
import Locks
import Runtime

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
    /// Who waits, in the order of asking; nobody does while a place is free.
    var waiting: Deque<(work: QueuedWork, continuation: CheckedContinuation<Void, any Error>)> = []
  }

  // Held for an entry, never while anybody is woken.
  private let state: Locked<State>

  init(places: Int) { state = Locked(State(free: places)) }

  func pass() -> Pass { Pass(self) }

  private func takePlace() -> Bool {
    state.withLock { state in
      guard state.free > 0 else { return false }
      state.free -= 1
      return true
    }
  }

  private func wait() async throws {
    try await withQueuedWork { work, continuation in
      let hasPlace = state.withLock { state in
        guard state.free > 0 else {
          state.waiting.append((work, continuation))
          return false
        }
        state.free -= 1
        return true
      }
      guard hasPlace else { return }
      if work.begin() { continuation.resume() } else { leave() }
    } onTakingBack: { [state] work in
      state.withLock { $0.waiting.removeAll { $0.work === work } }
    }
  }

  private func leave() {
    while let next = state.withLock({ state in
      let next = state.waiting.popFirst()
      if next == nil { state.free += 1 }
      return next
    }) {
      // Otherwise it was taken back just now, and the place is the next one's.
      guard !next.work.begin() else { return next.continuation.resume() }
    }
  }
}

/// A view would hold more than it may now.
struct Crowded: Error {}

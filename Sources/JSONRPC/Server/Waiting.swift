import Locks

/// A call's wait for something to happen. One task sleeps on it; any thread may wake it.
public final class Waiting: Sendable {
  private let state = Locked(State())
  private let cancelReason: @Sendable () -> CancelReason

  fileprivate struct State {
    var isWoken = false
    var hasEnded = false
    var sleeper: CheckedContinuation<Void, Never>?
  }

  init(cancelReason: @escaping @Sendable () -> CancelReason) { self.cancelReason = cancelReason }

  /// Whether waiting is over because the server stops reading. The call then returns the result that it has.
  public var hasEnded: Bool { state.withLock { $0.hasEnded } }

  /// Ends the current sleep, or the next one if nobody sleeps now.
  public func wake() {
    state.withLock { state in
      state.isWoken = true
      return state.takeSleeper()
    }?.resume()
  }

  /// Sleeps until woken, until waiting `hasEnded`, or until `limit`. Throws `cancelled` or
  /// `deadline_exceeded`.
  public func sleep(until limit: ContinuousClock.Instant) async throws(RPCError) {
    let alarm = Task {
      do { try await Task.sleep(until: limit, clock: .continuous) } catch { return }
      wake()
    }
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if state.isWoken || state.hasEnded { return true }
        state.sleeper = continuation
        return false
      }
      if isOver { continuation.resume() }
    }
    alarm.cancel()
    state.withLock { $0.isWoken = false }
    if let error = cancelReason().error { throw error }
  }

  /// Ends the waiting, because the server stops reading.
  func end() {
    state.withLock { state in
      state.hasEnded = true
      return state.takeSleeper()
    }?.resume()
  }
}

extension Waiting.State {
  fileprivate mutating func takeSleeper() -> CheckedContinuation<Void, Never>? {
    defer { sleeper = nil }
    return sleeper
  }
}

import Foundation

/// A value that threads share and wait for.
///
/// Unchecked: the value is touched only while the condition is locked.
final class Monitor<State: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private var state: State

  init(_ state: State) {
    self.state = state
  }

  /// Changes the value and wakes one thread that waits; never blocks for longer than another such change.
  func update<R>(_ body: (inout State) -> R) -> R {
    let result = change(body)
    condition.signal()
    return result
  }

  /// Changes the value and wakes all threads that wait.
  func updateForAll<R>(_ body: (inout State) -> R) -> R {
    let result = change(body)
    condition.broadcast()
    return result
  }

  // The lock is free when a thread is woken: it would only wake to wait for it.
  private func change<R>(_ body: (inout State) -> R) -> R {
    condition.lock()
    defer { condition.unlock() }
    return body(&state)
  }

  /// Blocks the thread until `body` returns something.
  func wait<R>(for body: (inout State) -> R?) -> R {
    condition.lock()
    defer { condition.unlock() }
    while true {
      if let result = body(&state) { return result }
      condition.wait()
    }
  }
}

import Locks

/// Those who are told of events as they happen.
public final class Listeners<Event: Sendable>: Sendable {
  private let state = Locked(State())

  private struct State: Sendable {
    var next = 0
    var listeners: [Int: @Sendable (Event) -> Void] = [:]
  }

  /// Nobody, so far.
  public init() {}

  /// Whether nobody listens.
  public var isEmpty: Bool { state.withLock { $0.listeners.isEmpty } }

  /// Tells `listener` of every event from now on, until the returned function is called. It is called from any
  /// thread, also from several at once, and must not block.
  public func add(_ listener: @escaping @Sendable (Event) -> Void) -> @Sendable () -> Void {
    let key = state.withLock { state in
      state.next += 1
      state.listeners[state.next] = listener
      return state.next
    }
    return { [weak self] in self?.remove(key) }
  }

  /// Tells everybody of an event, which is made only if somebody listens.
  public func tell(_ event: @autoclosure () -> Event) {
    // Outside the lock: a listener may add or remove one.
    let listeners = state.withLock { Array($0.listeners.values) }
    guard !listeners.isEmpty else { return }
    let event = event()
    for listener in listeners { listener(event) }
  }

  private func remove(_ key: Int) { state.withLock { _ = $0.listeners.removeValue(forKey: key) } }
}

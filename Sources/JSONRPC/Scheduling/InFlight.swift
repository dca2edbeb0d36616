/// The calls that are accepted and not answered, by id. Those that wait for something to happen are counted
/// separately.
struct InFlight<Element: Sendable>: Sendable {
  private var calls: [RequestID: Element] = [:]
  private var notifications: UInt64 = 0
  /// The number of calls that wait.
  private(set) var waiting = 0

  /// The number of calls, except those that wait.
  var active: Int { calls.count - waiting }
  var isEmpty: Bool { calls.isEmpty }
  var all: some Collection<Element> { calls.values }

  subscript(id: RequestID) -> Element? { calls[id] }

  /// Returns a placeholder id for a call that has no id of its own.
  mutating func notificationID() -> RequestID {
    notifications += 1
    return RequestID(notification: notifications)
  }

  /// Adds a call; false, and nothing is changed, if its id is in flight already.
  mutating func insert(_ call: Element, id: RequestID) -> Bool {
    // One look-up suffices: an id is rarely there already, and if it is, the first call is put back.
    guard let first = calls.updateValue(call, forKey: id) else { return true }
    calls[id] = first
    return false
  }

  /// Counts a call among those that wait.
  mutating func startWaiting() { waiting += 1 }

  /// Counts a call no longer among those that wait.
  mutating func endWaiting() { waiting -= 1 }

  mutating func remove(_ id: RequestID) { calls[id] = nil }
}

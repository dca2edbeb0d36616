/// The calls that were accepted and are not answered, by id. Those that wait for something to happen are
/// counted apart.
struct InFlight<Call: Sendable>: Sendable {
  private var calls: [RequestID: Call] = [:]
  private var notifications: UInt64 = 0
  /// How many of them wait.
  private(set) var waiting = 0

  /// How many there are, those that wait left out.
  var active: Int { calls.count - waiting }
  var isEmpty: Bool { calls.isEmpty }
  var all: some Collection<Call> { calls.values }

  subscript(id: RequestID) -> Call? { calls[id] }

  /// A place holder for a call that has no id of its own.
  mutating func notificationID() -> RequestID {
    notifications += 1
    return RequestID(notification: notifications)
  }

  /// Adds a call; false, and nothing is changed, if its id is in flight already.
  mutating func insert(_ call: Call, id: RequestID) -> Bool {
    // One look-up: an id is rarely there already, and then both are put back.
    guard let first = calls.updateValue(call, forKey: id) else { return true }
    calls[id] = first
    return false
  }

  /// The call leaves the count of active ones.
  mutating func startWaiting() { waiting += 1 }

  mutating func remove(_ id: RequestID, wasWaiting: Bool) {
    calls[id] = nil
    if wasWaiting { waiting -= 1 }
  }
}

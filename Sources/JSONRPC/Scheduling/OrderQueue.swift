import DequeModule

/// Decides which calls may run now: first in, first out for each key, with modes (see `Dependency`).
///
/// A call joins the lanes of all its keys at once, when it arrives, and starts when each of them has granted
/// it. A lane grants its first call, and the calls behind it that have the same mode. It grants the second of
/// two ordered calls only once the first has started, so that they start in order of arrival on every key.
/// No call overtakes another of a different mode, hence none waits for ever. The cost of an event is
/// proportional to the number of keys of the calls that it concerns.
struct OrderQueue<Payload: Sendable>: Sendable {
  /// Identifies a call until it is removed.
  typealias Ticket = Int

  private struct Entry: Sendable {
    var payload: Payload
    /// The first of the call's nodes, which are linked by `sibling`.
    var firstNode: Int
    /// The number of lanes that have not granted the call.
    var missing: Int
  }

  private struct Node: Sendable {
    var ticket: Ticket
    var lane: Int
    var mode: Dependency.Mode
    var previous = none
    var next = none
    var sibling = none
  }

  /// The calls on one key, in order of arrival. Those before `frontier` are granted, and all have one mode.
  private struct Lane: Sendable {
    var key: UInt64
    var head = none
    var tail = none
    var frontier = none
  }

  private static var none: Int { -1 }

  private var entries = Slots<Entry>()
  private var nodes = Slots<Node>()
  private var lanes = Slots<Lane>()
  private var laneOfKey: [UInt64: Int] = [:]

  /// Whether there are no calls.
  var isEmpty: Bool { laneOfKey.isEmpty }

  /// Adds a call with at least one dependency. Appends it to `ready` if it may start at once.
  mutating func enqueue(
    _ payload: Payload, dependencies: [Dependency], ready: inout Deque<Payload>
  ) -> Ticket {
    let ticket = entries.insert(Entry(payload: payload, firstNode: Self.none, missing: 0))
    for dependency in Self.merged(dependencies) { join(ticket, dependency) }
    var node = entries[ticket].firstNode
    while node != Self.none {
      let following = nodes[node].sibling
      // Those before it were granted what they may be: nobody else can start.
      advance(nodes[node].lane, ready: &ready) { _ in }
      node = following
    }
    return ticket
  }

  /// Removes a call that is done, waits for something other than its turn, or was cancelled before it
  /// started. Appends the calls that may start now to `ready`, in the order in which they must start.
  mutating func remove(_ ticket: Ticket, ready: inout Deque<Payload>) {
    var started: [Ticket] = []
    var node = entries.remove(ticket).firstNode
    while node != Self.none {
      let gone = nodes.remove(node)
      if unlink(node, gone) { advance(gone.lane, ready: &ready) { started.append($0) } }
      node = gone.sibling
    }
    // A call that starts may allow the next ordered one on each of its lanes to start.
    while let next = started.popLast() {
      var node = entries[next].firstNode
      while node != Self.none {
        let following = nodes[node].sibling
        if nodes[node].mode != .shared { advance(nodes[node].lane, ready: &ready) { started.append($0) } }
        node = following
      }
    }
  }

  private mutating func join(_ ticket: Ticket, _ dependency: Dependency) {
    let lane: Int
    if let known = laneOfKey[dependency.key] {
      lane = known
    } else {
      lane = lanes.insert(Lane(key: dependency.key))
      laneOfKey[dependency.key] = lane
    }
    let last = lanes[lane].tail
    let node = nodes.insert(
      Node(
        ticket: ticket, lane: lane, mode: dependency.mode, previous: last,
        sibling: entries[ticket].firstNode))
    if last == Self.none { lanes[lane].head = node } else { nodes[last].next = node }
    lanes[lane].tail = node
    if lanes[lane].frontier == Self.none { lanes[lane].frontier = node }
    entries[ticket].firstNode = node
    entries[ticket].missing += 1
  }

  /// Unlinks a node from its lane; false if the lane is removed with it.
  private mutating func unlink(_ index: Int, _ node: Node) -> Bool {
    if lanes[node.lane].frontier == index { lanes[node.lane].frontier = node.next }
    if node.previous == Self.none {
      lanes[node.lane].head = node.next
    } else {
      nodes[node.previous].next = node.next
    }
    if node.next == Self.none {
      lanes[node.lane].tail = node.previous
    } else {
      nodes[node.next].previous = node.previous
    }
    guard lanes[node.lane].head == Self.none else { return true }
    laneOfKey[lanes.remove(node.lane).key] = nil
    return false
  }

  /// Grants the calls on a lane that may be granted, and tells which of them start.
  @inline(__always)
  private mutating func advance(_ lane: Int, ready: inout Deque<Payload>, _ starts: (Ticket) -> Void) {
    while true {
      let index = lanes[lane].frontier
      guard index != Self.none else { return }
      let node = nodes[index]
      if node.previous != Self.none {
        let before = nodes[node.previous]
        guard before.mode == node.mode, node.mode != .exclusive else { return }
        guard node.mode == .shared || entries[before.ticket].missing == 0 else { return }
      }
      lanes[lane].frontier = node.next
      entries[node.ticket].missing -= 1
      if entries[node.ticket].missing == 0 {
        ready.append(entries[node.ticket].payload)
        starts(node.ticket)
      }
    }
  }

  /// Merges the dependencies on the same key into one: two modes become `exclusive`.
  private static func merged(_ dependencies: [Dependency]) -> [Dependency] {
    guard dependencies.count > 1, dependencies.count != 2 || dependencies[0].key == dependencies[1].key else {
      return dependencies
    }
    var result = dependencies.sorted { $0.key < $1.key }
    var kept = 0
    for index in 1..<result.count {
      if result[index].key != result[kept].key {
        kept += 1
        result[kept] = result[index]
      } else if result[index].mode != result[kept].mode {
        result[kept] = Dependency(key: result[kept].key, mode: .exclusive)
      }
    }
    result.removeLast(result.count - kept - 1)
    return result
  }
}

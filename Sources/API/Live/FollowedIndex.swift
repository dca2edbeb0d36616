/// The followed inboxes by the fingerprints of their logs: a list for each log, through the entries themselves, so that
/// one more follower of a log costs a few bytes, and its end takes the same time however many there are.
struct FollowedIndex: Sendable {
  private typealias Node = Int32
  private static let none: Int32 = -1

  /// One entry's place in the list of one of its logs: number 2 × entry for the shared log, then for the own one.
  private struct Link: Sendable {
    var log: UInt64 = 0
    var next = none
    var previous = none
  }

  private var first: [UInt64: Int32] = [:]
  private var links: [Link] = []

  /// Whether anybody follows a log.
  func has(_ log: UInt64) -> Bool { first[log] != nil }

  /// Adds an entry for its two logs.
  mutating func add(_ place: Following.Place, shared: UInt64, own: UInt64) {
    while links.count < 2 * (Int(place) + 1) { links.append(Link()) }
    link(2 * place, shared)
    link(2 * place + 1, own)
  }

  /// Removes an entry from the lists of its two logs.
  mutating func remove(_ place: Following.Place) {
    unlink(2 * place)
    unlink(2 * place + 1)
  }

  /// Calls `body` with every entry of a log.
  func forEach(_ log: UInt64, _ body: (Following.Place) -> Void) {
    var node = first[log] ?? Self.none
    while node != Self.none {
      body(node / 2)
      node = links[Int(node)].next
    }
  }

  private mutating func link(_ node: Int32, _ log: UInt64) {
    let next = first.updateValue(node, forKey: log) ?? Self.none
    links[Int(node)] = Link(log: log, next: next, previous: Self.none)
    if next != Self.none { links[Int(next)].previous = node }
  }

  private mutating func unlink(_ node: Int32) {
    let link = links[Int(node)]
    if link.next != Self.none { links[Int(link.next)].previous = link.previous }
    if link.previous != Self.none {
      links[Int(link.previous)].next = link.next
    } else {
      first[link.log] = link.next == Self.none ? nil : link.next
    }
  }
}

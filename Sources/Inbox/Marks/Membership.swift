/// Which part of the shared log a reader sees.
public struct Membership: Hashable, Sendable {
  /// Where the reader stands.
  public enum Standing: UInt8, Sendable {
    /// Never joined or left: sees the whole shared log.
    case none = 0
    /// Sees what is sent from now on, and the ranges seen before.
    case member = 1
    /// Sees only the ranges seen before.
    case left = 2
  }

  /// From where a joining reader sees the log.
  public enum Start: String, Sendable, CaseIterable {
    /// What is sent after joining.
    case now
    /// Everything.
    case start
  }

  /// Where the reader stands.
  public private(set) var standing = Standing.none
  /// The ranges that are closed; the open one of a member begins at `since`.
  private(set) var closed = SequenceSet()
  /// The first number of a member's open range; 0 for others.
  private(set) var since = 0

  /// The membership of a reader who never joined or left.
  public init() {}

  init(standing: Standing, closed: SequenceSet, since: Int) {
    self.standing = standing
    self.closed = closed
    self.since = since
  }

  /// The numbers up to `head` that lie in the reader's ranges.
  public func visible(through head: Int) -> SequenceSet {
    switch standing {
    case .none: SequenceSet(1, through: head)
    case .left: closed
    case .member:
      closed.isEmpty ? SequenceSet(since, through: head) : closed.union(SequenceSet(since, through: head))
    }
  }

  /// Whether a number, of those up to the head, lies in the reader's ranges.
  func shows(_ seq: Int) -> Bool {
    switch standing {
    case .none: true
    case .left: closed.contains(seq)
    case .member: seq >= since || closed.contains(seq)
    }
  }

  /// Opens a range after `head`, or shows everything. A member who joins again "now" changes nothing.
  mutating func join(from start: Start, head: Int) {
    switch (start, standing) {
    case (.start, _): self = Membership(standing: .member, closed: SequenceSet(), since: 1)
    case (.now, .member): break
    case (.now, _): self = Membership(standing: .member, closed: closed, since: head + 1)
    }
  }

  /// Closes the open range at `head`; who never joined keeps what there was.
  mutating func leave(head: Int) {
    guard standing != .left else { return }
    self = Membership(standing: .left, closed: visible(through: head), since: 0)
  }
}

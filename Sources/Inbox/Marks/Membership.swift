/// The part of the shared log that a reader sees.
public struct Membership: Hashable, Sendable {
  /// The reader's relation to the shared log.
  public enum Standing: UInt8, Sendable {
    /// The reader never joined or left, and sees the whole shared log.
    case none = 0
    /// The reader sees later messages, and the ranges seen before.
    case member = 1
    /// The reader sees only the ranges seen before.
    case left = 2
  }

  /// The point from which a joining reader sees the log.
  public enum Start: String, Sendable, CaseIterable {
    /// Messages sent after joining.
    case now
    /// All messages.
    case start
  }

  /// The reader's relation to the shared log.
  public private(set) var standing = Standing.none
  /// The ranges that are closed; a member's open range begins at `since`.
  private(set) var closed = SequenceSet()
  /// The first number of a member's open range; 0 for readers who are not members.
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

  /// Whether a number, which must be at most the head, lies in the reader's ranges.
  func shows(_ seq: Int) -> Bool {
    switch standing {
    case .none: true
    case .left: closed.contains(seq)
    case .member: seq >= since || closed.contains(seq)
    }
  }

  /// Opens a range after `head`, or shows everything. If a member joins again from `now`, nothing changes.
  mutating func join(from start: Start, head: Int) {
    switch (start, standing) {
    case (.start, _): self = Membership(standing: .member, closed: SequenceSet(), since: 1)
    case (.now, .member): break
    case (.now, _): self = Membership(standing: .member, closed: closed, since: head + 1)
    }
  }

  /// Closes the open range at `head`; a reader who never joined keeps seeing the messages up to it.
  mutating func leave(head: Int) {
    guard standing != .left else { return }
    self = Membership(standing: .left, closed: visible(through: head), since: 0)
  }
}

/// A change of one reader's marks: which flag is set or cleared, on which messages.
public struct MarkChange: Sendable {
  /// The flag that is set or cleared.
  public enum Flag: Sendable {
    /// Sets read.
    case read
    /// Clears read.
    case unread
    /// Sets seen.
    case seen
    /// Sets archived.
    case archived
    /// Clears archived.
    case unarchived
    /// Deletes the messages for this reader.
    case deleted
  }

  /// The messages that are changed.
  public enum Target: Sendable {
    /// These messages; nil stands for a `nid` that names no message.
    case messages([MessageName?])
    /// This message and all older ones in the inbox's order.
    case upTo(MessageName?)
    /// All messages of the inbox.
    case all
  }

  /// The error for a message that is not in this inbox.
  public struct NotFound: Error, Hashable {
    /// The message's index in the target.
    public var index: Int
  }

  /// The flag that is set or cleared.
  public var flag: Flag
  /// The messages that are changed.
  public var target: Target

  /// Creates a change.
  public init(_ flag: Flag, _ target: Target) {
    self.flag = flag
    self.target = target
  }

  /// Applies the change and returns how many messages changed. If it throws `NotFound`, nothing has changed.
  public func apply(to state: inout InboxState, _ reader: any StoreReader) throws -> Int {
    let numbers = try numbers(state, reader)
    var next = state
    next.fold()
    var changed = 0
    for side in Inbox.Side.allCases {
      changed += next.set(flag, side, numbers[side]!)
    }
    // If nothing changed, nothing is written, unless there are many of the reader's own messages to fold:
    // counting them again would cost every later request.
    let own = state.shared.sent.count + state.own.sent.count
    if changed > 0 || own >= Self.foldedAnyway { state = next }
    return changed
  }

  /// The number of the reader's own messages that are folded into the marks even if nothing else changes.
  private static let foldedAnyway = 100

  /// The target's numbers on each side. They may include messages that are gone: marks on those can't be
  /// seen, and marking a whole range keeps it one range.
  private func numbers(
    _ state: InboxState, _ reader: any StoreReader
  ) throws -> [Inbox.Side: SequenceSet] {
    let visible = [Inbox.Side.shared: state.visible(.shared), .own: state.visible(.own)]

    func find(_ name: MessageName?, _ index: Int) throws -> (side: Inbox.Side, seq: Int) {
      guard let name, let side = state.inbox.side(of: name.log), visible[side]!.contains(name.seq) else {
        throw NotFound(index: index)
      }
      return (side, name.seq)
    }

    switch target {
    case .all:
      return visible
    case .messages(let names):
      var found: [Inbox.Side: [Int]] = [:]
      for (index, name) in names.enumerated() {
        let (side, seq) = try find(name, index)
        found[side, default: []].append(seq)
      }
      return visible.mapValues { _ in SequenceSet() }
        .merging(found.mapValues { SequenceSet(numbers: $0) }) { $1 }
    case .upTo(let name):
      let (side, seq) = try find(name, 0)
      let time = try reader.times(in: state.inbox.log(side), [seq])[0]
      let other: Int
      switch side {
      // At equal times the shared log's message counts as older.
      case .shared: other = try reader.last(in: state.inbox.own, notAfter: time - 1)
      case .own: other = try reader.last(in: state.inbox.shared, notAfter: time)
      }
      return [
        .shared: visible[.shared]!.intersection(1, through: side == .shared ? seq : other),
        .own: visible[.own]!.intersection(1, through: side == .own ? seq : other),
      ]
    }
  }
}

extension InboxState {
  /// Adds the reader's own messages to the marks, so that they can be marked unread from then on.
  mutating func fold() {
    marks.shared.fold(shared)
    marks.own.fold(own)
    shared.sent = SequenceSet()
    own.sent = SequenceSet()
  }

  /// Sets or clears a flag; returns how many living messages changed.
  fileprivate mutating func set(
    _ flag: MarkChange.Flag, _ side: Inbox.Side, _ numbers: SequenceSet
  ) -> Int {
    guard !numbers.isEmpty else { return 0 }
    let target = numbers.intersection(living(side))
    let before: Int
    switch flag {
    case .read:
      before = target.countIntersecting(marks[side].read)
      marks[side].read.formUnion(numbers)
    case .unread:
      before = target.count - target.countIntersecting(marks[side].read)
      marks[side].read.subtract(numbers)
    case .seen:
      before = target.countIntersecting(marks[side].seen)
      marks[side].seen.formUnion(numbers)
    case .archived:
      before = target.countIntersecting(marks[side].archived)
      marks[side].archived.formUnion(numbers)
    case .unarchived:
      before = target.count - target.countIntersecting(marks[side].archived)
      marks[side].archived.subtract(numbers)
    case .deleted:
      before = 0
      marks[side].deleted.formUnion(numbers)
    }
    return target.count - before
  }

  /// Makes the reader a member: one of the shared log's readers.
  public mutating func join(from start: Membership.Start) {
    marks.membership.join(from: start, head: shared.head)
  }

  /// Ends the membership: later messages are hidden.
  public mutating func leave() {
    marks.membership.leave(head: shared.head)
  }
}

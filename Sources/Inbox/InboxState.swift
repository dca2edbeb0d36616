/// Everything that decides an answer about one inbox, apart from the messages: every count, page and mark
/// is a function of this value.
public struct InboxState: Hashable, Sendable {
  /// Whose it is.
  public var inbox: Inbox
  /// The reader's marks.
  public var marks: Marks
  /// The shared log.
  public var shared: LogState
  /// The reader's own log.
  public var own: LogState

  /// A state; by default that of an inbox to which nothing has happened.
  public init(
    inbox: Inbox, marks: Marks = Marks(), shared: LogState = LogState(), own: LogState = LogState()
  ) {
    self.inbox = inbox
    self.marks = marks
    self.shared = shared
    self.own = own
  }

  /// The log on one side.
  public func log(_ side: Inbox.Side) -> LogState { side == .shared ? shared : own }

  /// The numbers that lie in the reader's ranges and are kept, retracted and deleted ones included.
  public func visible(_ side: Inbox.Side) -> SequenceSet {
    let log = log(side)
    switch side {
    case .shared:
      return marks.membership.visible(through: log.head).intersection(log.record.tail, through: log.head)
    case .own:
      return SequenceSet(log.record.tail, through: log.head)
    }
  }

  /// The messages that exist for this reader: visible, neither retracted nor deleted.
  public func living(_ side: Inbox.Side) -> SequenceSet {
    visible(side).subtracting(log(side).record.retracted).subtracting(marks[side].deleted)
  }

  /// The numbers that are read, whether marked so or sent by the reader.
  public func read(_ side: Inbox.Side) -> SequenceSet {
    marks[side].read.union(log(side).sent)
  }

  /// How many messages the view `inbox` has, how many of them are not read, and how many not seen.
  public var counts: Counts { counts {} }

  /// The same; `check` is called between its steps, and ends it by throwing.
  public func counts<Failure: Error>(_ check: () throws(Failure) -> Void) throws(Failure) -> Counts {
    var counts = Counts()
    for side in Inbox.Side.allCases {
      let living = living(side).subtracting(marks[side].archived)
      try check()
      counts.total += living.count
      counts.unread += living.count - living.countIntersecting(read(side))
      try check()
      counts.unseen += living.count - living.countIntersecting(marks[side].seen)
    }
    return counts
  }

  /// Numbers of an inbox, exact at any size.
  public struct Counts: Hashable, Sendable {
    /// Messages.
    public var total = 0
    /// Those that are not read.
    public var unread = 0
    /// Those that are not seen.
    public var unseen = 0
  }
}

extension InboxState {
  /// One message as its reader sees it; nil if it does not exist for this reader.
  public func entry(_ name: MessageName, _ reader: any StoreReader) throws -> Page.Entry? {
    guard let side = inbox.side(of: name.log), living(side).contains(name.seq),
      let message = try reader.messages(in: name.log, SequenceSet(name.seq)).first
    else { return nil }
    return entry(of: message, side)
  }

  /// Whether a number is read: as `read` says, without making the whole set.
  func isRead(_ seq: Int, _ side: Inbox.Side) -> Bool {
    marks[side].read.contains(seq) || log(side).sent.contains(seq)
  }

  /// A living message as its reader sees it.
  func entry(of message: Message, _ side: Inbox.Side) -> Page.Entry {
    Page.Entry(
      side: side, message: message, read: isRead(message.seq, side),
      seen: marks[side].seen.contains(message.seq), archived: marks[side].archived.contains(message.seq),
      part: 0)
  }
}

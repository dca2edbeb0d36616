/// Everything that decides an answer about one inbox, apart from the messages: each count, page and mark is a
/// function of this value.
public struct InboxState: Hashable, Sendable, TwoSided {
  /// The inbox.
  public var inbox: Inbox
  /// The reader's marks.
  public var marks: Marks
  /// The shared log.
  public var shared: LogState
  /// The reader's own log.
  public var own: LogState

  /// Creates a state; by default that of an inbox to which nothing has happened.
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

  /// The numbers in the reader's ranges that the log keeps, including retracted and deleted ones.
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

  /// The numbers that are read, by a mark or because the reader sent the message.
  public func read(_ side: Inbox.Side) -> SequenceSet {
    marks[side].read.union(log(side).sent)
  }

  /// Whether a number is read: the answer of `read`, without making the whole set.
  func isRead(_ seq: Int, _ side: Inbox.Side) -> Bool {
    marks[side].read.contains(seq) || log(side).sent.contains(seq)
  }

  /// The numbers of messages in the view `inbox`: all of them, the unread ones and the unseen ones.
  public var counts: Counts { counts {} }

  /// Counts the messages as `counts` does; `check` is called between the steps, and ends the work by
  /// throwing.
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

  /// The counts of an inbox, exact at any size.
  public struct Counts: Hashable, Sendable {
    /// The number of messages.
    public var total = 0
    /// The number of unread messages.
    public var unread = 0
    /// The number of unseen messages.
    public var unseen = 0

    /// Creates counts; by default those of an empty inbox.
    public init(total: Int = 0, unread: Int = 0, unseen: Int = 0) {
      (self.total, self.unread, self.unseen) = (total, unread, unseen)
    }
  }
}

extension InboxState {
  /// How many ranges the state holds: what it takes in memory grows with them.
  public var rangeCount: Int {
    [shared, own].reduce(marks.rangeCount) { $0 + $1.record.rangeCount + $1.sent.spanCount }
  }

  /// Checks marks that were read: they fold no messages that the logs do not have.
  public func checkMarks() throws(StoreError) {
    guard marks.shared.folded <= shared.head, marks.own.folded <= own.head else {
      throw .damaged("the marks of an inbox are of messages that its log does not have")
    }
  }
}

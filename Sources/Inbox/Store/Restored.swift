/// A piece of what another store held, to be put into this one as it is. See ``MessageStore/restore(_:)``.
public enum Restored: Sendable {
  /// Messages of one log at their numbers and times, ascending and without a gap. `tail` is the oldest number that
  /// the log keeps: an empty log begins there.
  ///
  /// A token of 0 stands for one that the store makes; any other is kept, so that cursors into the log stay true.
  case entries(LogName, [LogEntry], tail: Int = 1)
  /// A log's record, once all of the log's messages are there.
  case record(LogName, LogRecord)
  /// An inbox's marks, once all messages that they name are there. A version of 0 stands for 1, a stamp of 0 for
  /// one that the store makes.
  case marks(Inbox, Marks)

  /// The number of pieces that were new to a store: it held the others already.
  public struct Counts: Hashable, Sendable {
    /// Messages.
    public var messages = 0
    /// Records of logs.
    public var records = 0
    /// Marks of inboxes.
    public var marks = 0

    /// Nothing was new.
    public init() {}
  }
}

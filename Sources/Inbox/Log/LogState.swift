/// A log as one reader's request finds it: everything an answer needs to know apart from the messages.
public struct LogState: Hashable, Sendable {
  /// The log's last number; 0 while it is empty.
  public var head: Int
  /// Where the log begins and what was retracted.
  public var record: LogRecord
  /// The numbers after `LogMarks.folded` that the reader sent: read for the sender from the start.
  public var sent: SequenceSet

  /// A log with these properties; by default one that nothing was ever appended to.
  public init(head: Int = 0, record: LogRecord = LogRecord(), sent: SequenceSet = SequenceSet()) {
    self.head = head
    self.record = record
    self.sent = sent
  }

  /// The numbers that are kept and not retracted.
  var standing: SequenceSet {
    SequenceSet(record.tail, through: head).subtracting(record.retracted)
  }
}

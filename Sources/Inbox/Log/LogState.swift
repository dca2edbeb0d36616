/// The state of a log during one reader's request: all that an answer depends on, apart from the messages.
public struct LogState: Hashable, Sendable {
  /// The log's last number; 0 while it is empty.
  public var head: Int
  /// The log's record: where it begins, and which messages were retracted.
  public var record: LogRecord
  /// The numbers after `LogMarks.folded` that the reader sent: messages are read for their sender from the
  /// start.
  public var sent: SequenceSet

  /// Creates a state; by default that of a log to which nothing was ever appended.
  public init(head: Int = 0, record: LogRecord = LogRecord(), sent: SequenceSet = SequenceSet()) {
    self.head = head
    self.record = record
    self.sent = sent
  }

  /// Enters the retraction of a message in the record; returns false if it was already there. Throws `notFound` for
  /// a number that the log does not keep.
  public mutating func retract(_ seq: Int) throws(StoreError) -> Bool {
    guard record.tail <= seq, seq <= head else { throw .notFound }
    return record.retract(seq)
  }

  /// The numbers that are kept and not retracted.
  var standing: SequenceSet {
    SequenceSet(record.tail, through: head).subtracting(record.retracted)
  }
}

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

extension LogState {
  /// Checks a log that was read: the record names no messages that the log does not have.
  public func check() throws(StoreError) {
    guard (0...StoreBounds.largestNumber).contains(head) else {
      throw .damaged("a log has no possible last number")
    }
    guard record.tail >= 1, record.tail <= head + 1, record.retracted.last ?? 0 <= head,
      record.retractionCount <= head, record.newestRetractions.allSatisfy({ $0 <= head })
    else { throw .damaged("the record of a log names messages that the log does not have") }
  }
}

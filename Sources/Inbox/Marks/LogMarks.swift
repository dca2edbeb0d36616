/// What one reader has done with the messages of one log.
public struct LogMarks: Hashable, Sendable {
  /// Read messages; the reader's own messages after `folded` are read besides.
  public internal(set) var read = SequenceSet()
  /// Seen messages.
  public internal(set) var seen = SequenceSet()
  /// Archived messages.
  public internal(set) var archived = SequenceSet()
  /// Messages that are gone for this reader.
  public internal(set) var deleted = SequenceSet()
  /// Up to which number the reader's own messages are part of `read`.
  public internal(set) var folded = 0

  /// Marks of a log in which nothing was marked.
  public init() {}

  /// Makes the own messages up to the head part of `read`, so that from here on they can be marked unread.
  mutating func fold(_ log: LogState) {
    read.formUnion(log.sent)
    folded = max(folded, log.head)
  }
}

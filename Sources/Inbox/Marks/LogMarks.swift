/// One reader's marks on the messages of one log.
public struct LogMarks: Hashable, Sendable {
  /// Read messages; the reader's own messages after `folded` are read as well.
  public internal(set) var read = SequenceSet()
  /// Seen messages.
  public internal(set) var seen = SequenceSet()
  /// Archived messages.
  public internal(set) var archived = SequenceSet()
  /// Messages that are deleted for this reader.
  public internal(set) var deleted = SequenceSet()
  /// The number up to which the reader's own messages are part of `read`.
  public internal(set) var folded = 0

  /// All sets of marked messages.
  var sets: [SequenceSet] { [read, seen, archived, deleted] }

  /// The marks of a log in which nothing was marked.
  public init() {}

  /// Adds the reader's own messages up to the head to `read`, so that they can be marked unread from then on.
  mutating func fold(_ log: LogState) {
    read.formUnion(log.sent)
    folded = max(folded, log.head)
  }
}

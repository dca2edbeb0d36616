extension LogMarks {
  /// The marks that another program had of a log's messages up to `head`. The reader's own messages are read only if they
  /// are among `read`.
  public init(
    read: SequenceSet, seen: SequenceSet = SequenceSet(), archived: SequenceSet = SequenceSet(),
    deleted: SequenceSet = SequenceSet(), through head: Int
  ) {
    self.read = read
    self.seen = seen
    self.archived = archived
    self.deleted = deleted
    folded = head
  }
}

extension Marks {
  /// The marks that another program had of an inbox's logs, never written yet. A member sees the whole shared log.
  public init(shared: LogMarks, own: LogMarks, isMember: Bool) {
    self.shared = shared
    self.own = own
    if isMember { membership.join(from: .start, head: 0) }
  }
}

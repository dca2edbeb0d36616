extension InboxState {
  /// The messages that `changes(since:limit:)` may ask for, by log, for `StoreReader.prefetch`: the new ones, and those
  /// at the cursor, which show that the logs are the ones that the host followed. A last message's token comes with
  /// the state.
  public func wanted(since cursor: ChangeCursor, limit: Int) -> [LogName: SequenceSet] {
    var wanted: [LogName: SequenceSet] = [:]
    for side in Inbox.Side.allCases {
      let (head, seq) = (log(side).head, cursor[side].seq)
      guard head > seq else { continue }
      let last = head - seq > limit ? seq + limit : head
      wanted[inbox.log(side)] = SequenceSet(max(seq, 1), through: last)
    }
    return wanted
  }
}

extension StoreReader {
  /// Prefetches what `changes(since:limit:)` of these states will ask for; for nothing where there is no cursor.
  public func prefetch(
    changesOf states: some Sequence<(state: InboxState, cursor: ChangeCursor?)>, limit: Int
  ) throws {
    var wanted: [LogName: SequenceSet] = [:]
    for (state, cursor) in states {
      guard let cursor, cursor.belongs(to: state.inbox) else { continue }
      wanted.merge(state.wanted(since: cursor, limit: limit)) { $0.union($1) }
    }
    if !wanted.isEmpty { try prefetch(wanted) }
  }
}

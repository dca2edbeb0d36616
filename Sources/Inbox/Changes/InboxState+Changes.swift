extension InboxState {
  /// Returns the inbox's changes after a cursor, with at most `limit` new messages: first the retractions of
  /// messages before the cursor, then the new messages, oldest first, then one change for all marks. In this
  /// order a host can stop after any change and continue from its cursor.
  ///
  /// Of a new message that has been retracted since only its removal is reported: a page that the host read
  /// meanwhile may show it. The counts are updated step by step:
  /// the cost of a change does not depend on the size of the marks and records. `check` is called now and
  /// then, and ends the work by throwing. Throws `ChangeCursorExpired`.
  ///
  /// A cursor `isProven` if it was made or compared in the reader's present past: then it is not compared again.
  public func changes(
    since cursor: ChangeCursor, limit: Int, isProven: Bool = false, _ reader: any StoreReader,
    check: () throws -> Void = {}
  ) throws -> Changes {
    let pending = try retractions(since: cursor, isProven: isProven, reader)
    try check()
    var (cursor, changes) = (cursor, [Change]())
    let start = (shared: cursor.shared.seq, own: cursor.own.seq)
    // Only the counts that are computed from this state are then brought to the present.
    let then = state(at: cursor, pending)
    var counts = try then.counts(check)

    for side in Inbox.Side.allCases {
      for seq in pending[side]! {
        try check()
        cursor[side].retractions += 1
        cursor[side].trail = LogRecord.trail(cursor[side].trail, adding: seq)
        if then.isLiving(seq, side) {
          counts.remove(seq, then, side)
        } else if seq <= then.log(side).head || !isShown(seq, side) {
          continue
        }
        let name = MessageName(log: inbox.log(side), seq: seq)
        changes.append(Change(event: .removed(name, .retracted), counts: counts, cursor: cursor))
      }
    }

    let shared = living(.shared).above(start.shared)
    let own = living(.own).above(start.own)
    try check()
    let arrivals = try arrivals(shared.oldest(limit), own.oldest(limit), reader).prefix(limit)
    for entry in arrivals {
      counts.add(entry)
      cursor[entry.side].seq = entry.message.seq
      cursor[entry.side].token = entry.message.token
      changes.append(Change(event: .created(entry), counts: counts, cursor: cursor))
    }
    guard arrivals.count == shared.count + own.count else {
      return Changes(changes: changes, cursor: cursor, more: true)
    }

    // Numbers that are left before the heads are gone or hidden.
    for side in Inbox.Side.allCases where cursor[side].seq != log(side).head {
      cursor[side].seq = log(side).head
      cursor[side].token = try reader.token(in: inbox.log(side), log(side).head)
    }
    if cursor.marks != ChangeCursor.MarksVersion(marks) {
      cursor.marks = ChangeCursor.MarksVersion(marks)
      changes.append(Change(event: .marked, counts: counts, cursor: cursor))
    }
    return Changes(changes: changes, cursor: cursor, more: false)
  }

  /// The counts as they were at a cursor, with the marks of the present. Throws `ChangeCursorExpired`.
  public func counts(
    at cursor: ChangeCursor, _ reader: any StoreReader, check: () throws -> Void = {}
  ) throws -> Counts {
    try state(at: cursor, retractions(since: cursor, isProven: false, reader)).counts(check)
  }

  /// Whether nothing has happened since a cursor that was made or compared in the present past.
  public func isCurrent(_ cursor: ChangeCursor) -> Bool {
    cursor.marks == ChangeCursor.MarksVersion(marks)
      && Inbox.Side.allCases.allSatisfy { side in
        cursor[side].seq == log(side).head && cursor[side].retractions == log(side).record.retractionCount
      }
  }

  /// The state as the host at a cursor knows it, with the marks of the present.
  private func state(at cursor: ChangeCursor, _ pending: [Inbox.Side: [Int]]) -> InboxState {
    var then = self
    for side in Inbox.Side.allCases {
      then[side].head = cursor[side].seq
      then[side].record.retracted.subtract(SequenceSet(numbers: pending[side]!))
    }
    return then
  }

  /// The retractions of each side that a cursor has not reported, oldest first. Throws `ChangeCursorExpired`
  /// for a cursor that is too old, and for a cursor of another past: its message has another token now, or
  /// other messages were retracted before it.
  private func retractions(
    since cursor: ChangeCursor, isProven: Bool, _ reader: any StoreReader
  ) throws -> [Inbox.Side: [Int]] {
    var pending: [Inbox.Side: [Int]] = [:]
    for side in Inbox.Side.allCases {
      let (log, point) = (log(side), cursor[side])
      guard point.seq <= log.head, log.record.keepsRetractions(after: point.retractions),
        (isProven && point.retractions == log.record.retractionCount)
          || log.record.trail(after: point.retractions) == point.trail
      else { throw ChangeCursorExpired() }
      // Messages before the tail are gone and can't be compared: the cursor continues at the tail.
      if !isProven, point.seq >= log.record.tail {
        guard try reader.token(in: inbox.log(side), point.seq) == point.token else {
          throw ChangeCursorExpired()
        }
      }
      pending[side] = Array(
        log.record.newestRetractions.suffix(log.record.retractionCount - point.retractions))
    }
    return pending
  }

  /// New messages of both logs, oldest first; at equal times the shared log's message counts as older.
  private func arrivals(
    _ shared: SequenceSet, _ own: SequenceSet, _ reader: any StoreReader
  ) throws -> [Entry<Message>] {
    func entries(_ side: Inbox.Side, _ numbers: SequenceSet) throws -> [Entry<Message>] {
      guard !numbers.isEmpty else { return [] }
      return try reader.messages(in: inbox.log(side), numbers).map { entry(of: $0, side) }
    }
    // Both runs are in order already, and the sort is stable.
    let entries = try entries(.shared, shared) + entries(.own, own)
    return entries.sorted { $0.message.time < $1.message.time }
  }
}

extension InboxState {
  /// Whether a message exists for this reader: the answer of `living`, without making the whole set.
  private func isLiving(_ seq: Int, _ side: Inbox.Side) -> Bool {
    isShown(seq, side) && !log(side).record.retracted.contains(seq)
  }

  /// Whether a message that the log keeps exists for this reader, or existed before it was retracted.
  private func isShown(_ seq: Int, _ side: Inbox.Side) -> Bool {
    let log = log(side)
    return log.record.tail <= seq && seq <= log.head
      && (side == .own || marks.membership.shows(seq)) && !marks[side].deleted.contains(seq)
  }
}

extension InboxState.Counts {
  /// Adds a message that has come into being for this reader.
  fileprivate mutating func add(_ entry: Entry<Message>) {
    guard !entry.archived else { return }
    total += 1
    if !entry.read { unread += 1 }
    if !entry.seen { unseen += 1 }
  }

  /// Removes a living message that is gone.
  fileprivate mutating func remove(_ seq: Int, _ state: InboxState, _ side: Inbox.Side) {
    guard !state.marks[side].archived.contains(seq) else { return }
    total -= 1
    if !state.isRead(seq, side) { unread -= 1 }
    if !state.marks[side].seen.contains(seq) { unseen -= 1 }
  }
}

extension InboxState {
  /// The inbox's changes after a cursor, at most `limit` new messages of them: first what was retracted of
  /// the messages before the cursor, then the messages that came, oldest first, then one change for all
  /// marks. In this order a host can stop after any of them and go on from its cursor.
  ///
  /// A message that came and was retracted since is not reported at all. Throws `ChangeCursorExpired`.
  public func changes(
    since cursor: ChangeCursor, limit: Int, _ reader: any StoreReader
  ) throws -> Changes {
    let pending = try retractions(since: cursor)
    var (cursor, changes) = (cursor, [Change]())
    let start = cursor.position
    // The state as the host knows it, brought to the present step by step.
    var then = self
    then.shared.head = start.shared
    then.own.head = start.own
    then.shared.record.retracted.subtract(SequenceSet(numbers: pending[.shared]!))
    then.own.record.retracted.subtract(SequenceSet(numbers: pending[.own]!))

    for side in Inbox.Side.allCases {
      for seq in pending[side]! {
        cursor.retractions[side] += 1
        let wasKnown = then.living(side).contains(seq)
        switch side {
        case .shared: then.shared.record.retracted.insert(seq)
        case .own: then.own.record.retracted.insert(seq)
        }
        guard wasKnown else { continue }
        let name = MessageName(log: inbox.log(side), seq: seq)
        changes.append(Change(event: .retracted(name), counts: then.counts, cursor: cursor))
      }
    }

    let shared = living(.shared).above(start.shared)
    let own = living(.own).above(start.own)
    let arrivals = try arrivals(shared.oldest(limit), own.oldest(limit), reader).prefix(limit)
    for entry in arrivals {
      let seq = entry.message.seq
      switch entry.side {
      case .shared: then.shared.head = seq
      case .own: then.own.head = seq
      }
      cursor.position[entry.side] = seq
      changes.append(Change(event: .created(entry), counts: then.counts, cursor: cursor))
    }
    guard arrivals.count == shared.count + own.count else {
      return Changes(changes: changes, cursor: cursor, more: true)
    }

    // What is left before the heads is gone or hidden.
    cursor.position = Cursor.Position(shared: self.shared.head, own: self.own.head)
    if cursor.marks != marks.version {
      cursor.marks = marks.version
      changes.append(Change(event: .marked, counts: counts, cursor: cursor))
    }
    return Changes(changes: changes, cursor: cursor, more: false)
  }

  /// The retractions of each side that a cursor has not reported, oldest first.
  private func retractions(since cursor: ChangeCursor) throws -> [Inbox.Side: [Int]] {
    var pending: [Inbox.Side: [Int]] = [:]
    for side in Inbox.Side.allCases {
      let log = log(side)
      let missed = log.record.retractionCount - cursor.retractions[side]
      guard cursor.position[side] <= log.head, cursor.position[side] >= log.record.tail - 1,
        (0...log.record.newestRetractions.count).contains(missed)
      else { throw ChangeCursorExpired() }
      pending[side] = Array(log.record.newestRetractions.suffix(missed))
    }
    return pending
  }

  /// New messages of both logs, oldest first; at equal times the shared log's message is the older.
  private func arrivals(
    _ shared: SequenceSet, _ own: SequenceSet, _ reader: any StoreReader
  ) throws -> [Page.Entry] {
    func entries(_ side: Inbox.Side, _ numbers: SequenceSet) throws -> [Page.Entry] {
      guard !numbers.isEmpty else { return [] }
      return try reader.messages(in: inbox.log(side), numbers).map { entry(of: $0, side) }
    }
    // Both runs are in order already and the sort keeps what is equal in place.
    let entries = try entries(.shared, shared) + entries(.own, own)
    return entries.sorted { $0.message.time < $1.message.time }
  }
}

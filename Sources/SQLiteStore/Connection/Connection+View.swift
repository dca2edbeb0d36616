import Inbox
import Runtime

// How a connection reads: see `FileView`.
extension Connection {
  /// Opens a view for reads that were queued before.
  func openView() throws(StoreError) {
    guard let view else { return }
    view.isRelied = false
    if !view.isCurrent { try enter() }
  }

  /// Ends the view.
  func closeView() {
    // Nothing was written, so nothing can be lost.
    if isInTransaction { _ = commit() }
  }

  /// Runs one read in the view.
  @inline(__always)
  func read<Value>(
    before deadline: ContinuousClock.Instant?, _ body: (any StoreReader) throws -> Value
  ) throws -> Value {
    begin(before: deadline)
    let result = Result { try body(self) }
    guard view?.hasMoved == true else { return try result.get() }
    // Now there is a transaction, in which nothing moves.
    begin(before: deadline)
    return try body(self)
  }

  /// Begins the transaction that the rest of the view needs, unless there is one. Throws if the file has changed
  /// since the present read had its first answer: then it has to be done again.
  func enter() throws(StoreError) {
    guard let view else { return }
    let wasRelied = view.isRelied
    view.isRelied = true
    guard !isInTransaction else { return }
    let before = view.header
    var backoff = Backoff(patience, .local)
    try beginRead(&backoff)
    // If the header is the one that was seen before an earlier snapshot, both snapshots are the same state.
    guard !view.isCurrent else { return }
    view.look(before)
    guard wasRelied else { return }
    view.hasMoved = true
    throw .unavailable("the database changed during a read")
  }
}

// What is kept.
extension Connection {
  /// The state of an inbox for a connection that keeps states.
  func state(of inbox: Inbox, _ view: FileView) throws(StoreError) -> InboxState {
    if let state = view.kept.state(of: inbox, at: view.moment) {
      view.isRelied = true
      return state
    }
    try enter()
    // The snapshot may be the state of the last moment.
    if let state = view.kept.state(of: inbox, at: view.moment) { return state }
    let before = view.kept.inbox(inbox)
    var state = InboxState(inbox: inbox, marks: try marks(of: inbox, known: before?.state.marks))
    let shared = try keptLog(inbox.shared, view)
    let own = try keptLog(inbox.own, view)
    if let row = shared.row {
      state.shared = row.state
      state.shared.sent = try sent(
        by: inbox.user, in: row, inbox.shared, after: state.marks.shared.folded, known: before?.sent(.shared),
        shared)
    }
    if let row = own.row {
      state.own = row.state
      state.own.sent = try sent(
        by: inbox.user, in: row, inbox.own, after: state.marks.own.folded, known: before?.sent(.own), own)
    }
    try state.checkMarks()
    view.kept.keep(KeptInbox(state: state, shared: shared.line, own: own.line, moment: view.moment))
    return state
  }

  /// The row of a log for a connection that keeps rows.
  func keptLog(_ name: LogName, _ view: FileView) throws(StoreError) -> KeptLog {
    if let log = view.kept.log(name), log.moment == view.moment {
      view.isRelied = true
      return log
    }
    try enter()
    let known = view.kept.log(name)
    if let known, known.moment == view.moment { return known }
    let row = try readLog(name, known: known?.row)
    var line: Int?
    if let known, let before = known.row, let row, try follows(row, before) { line = known.line }
    let log = KeptLog(row: row, line: line ?? view.kept.newLine(), moment: view.moment)
    view.kept.keep(log, of: name)
    return log
  }

  /// Whether a log has all messages that it had: a copy of the file that went on otherwise has another message at
  /// that place.
  private func follows(_ row: LogRow, _ before: LogRow) throws(StoreError) -> Bool {
    guard row.id == before.id, row.head >= before.head else { return false }
    if row.head == before.head { return row.token == before.token }
    return try token(of: before.head, in: row.id) == before.token
  }

  /// The token of a message; nil if there is none.
  private func token(of seq: Int, in log: Int64) throws(StoreError) -> UInt64? {
    try with(.token) { statement throws(StoreError) in
      statement.bind(Position(log: log, seq: seq).rawValue, at: 1)
      return try statement.step() ? UInt64(bitPattern: try statement.integer(0)) : nil
    }
  }

  /// The numbers that the user sent after a number, of which only those that are not known are read.
  private func sent(
    by user: Text, in row: LogRow, _ name: LogName, after folded: Int, known: KnownSent?, _ log: KeptLog
  ) throws(StoreError) -> SequenceSet {
    guard let known, known.line == log.line, known.after <= folded else {
      return try sent(by: user, in: row, name, after: folded)
    }
    var numbers = known.numbers.above(folded)
    let through = max(known.through, folded)
    if row.head > through {
      numbers.formUnion(try self.numbers(row.id, .sender(user), from: through + 1, through: row.head))
    }
    return numbers
  }
}

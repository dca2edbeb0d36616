import Caches
import Inbox
import Mongo

/// Makes the states of inboxes from what was found of their logs, and asks for what their readers sent.
struct Assembly {
  /// Numbers among which it is not known which ones a reader sent.
  private struct Gap {
    var inbox: Int
    var side: Inbox.Side
    var range: Query.SentRange
  }

  private struct Sender: Hashable {
    var log: LogName
    var user: Text
  }

  private static let gapsTogether = 200
  /// How many messages of a log are looked at for each of those who may have sent them.
  private static let messagesEach = 4

  private let source: Source
  private let isShared: Bool
  private var found: [FoundInbox?] = []
  private var gaps: [Gap] = []

  /// `isShared` means that others wait too: then nothing is read in more than one reply.
  init(_ source: Source, isShared: Bool) { (self.source, self.isShared) = (source, isShared) }

  /// Adds the inbox of these logs.
  mutating func add(_ inbox: Inbox, _ shared: FoundLog, _ own: FoundLog) throws(StoreError) {
    guard !shared.isOther, !own.isOther else { return found.append(nil) }
    var state = InboxState(inbox: inbox, shared: try shared.state(), own: try own.state())
    if let record = own.marks { state.marks = try source.past.marks(record) }
    try state.checkMarks()
    addSent(&state, .shared, shared)
    addSent(&state, .own, own)
    found.append(
      FoundInbox(
        state: state, marksToken: own.marks?.token, shared: shared.stretch, own: own.stretch))
  }

  /// The numbers that the reader sent are remembered up to some number, and taken from the newest messages;
  /// those in between have to be asked for.
  private mutating func addSent(_ state: inout InboxState, _ side: Inbox.Side, _ log: FoundLog) {
    let user = state.inbox.user
    let folded = state.folded(side)
    let known = source.past.sent.matches(source.past.key(user, log.name), after: folded)
    state[side].sent = known.numbers.intersection(folded + 1, through: log.head)
    guard known.through < log.head else { return }
    let floor = log.sendersFloor
    for seq in log.sent(by: user, above: max(known.through, floor)) { state[side].sent.insert(seq) }
    guard known.through < floor else { return remember(state, side) }
    let numbers = Query.NumberRange(log: log.name, first: known.through + 1, last: floor)
    gaps.append(Gap(inbox: found.count, side: side, range: .init(user: user, numbers: numbers)))
  }

  private func remember(_ state: InboxState, _ side: Inbox.Side) {
    let log = state.log(side)
    source.past.sent.remember(
      .init(after: state.folded(side), through: log.head, numbers: log.sent),
      source.past.key(state.inbox.user, state.inbox.log(side)))
  }

  /// Returns the inboxes, in the order of adding; nil for what has to be read alone.
  mutating func finish() throws(StoreError) -> [FoundInbox?] {
    try closeTogether()
    for start in stride(from: 0, to: gaps.count, by: Self.gapsTogether) {
      try close(gaps[start..<min(start + Self.gapsTogether, gaps.count)])
    }
    return found
  }

  /// Closes the gaps of many readers of one log with the senders of its messages, where these are not many.
  private mutating func closeTogether() throws(StoreError) {
    var ranges: [LogName: (range: Query.NumberRange, readers: Int)] = [:]
    for gap in gaps {
      let range = gap.range.numbers
      var known = ranges[range.log] ?? (range, 0)
      known.range.first = min(known.range.first, range.first)
      known.readers += 1
      ranges[range.log] = known
    }
    var wanted = ranges.values.filter { $1 > 1 && $0.count <= Self.messagesEach * $1 }.map(\.range)[...]
    while !wanted.isEmpty {
      var (some, limit) = ([Query.NumberRange](), 0)
      while let next = wanted.first, some.count < Self.gapsTogether,
        some.isEmpty || limit + next.count <= Source.numbersTogether
      {
        some.append(next)
        limit += next.count
        wanted.removeFirst()
      }
      try closeTogether(some, limit)
    }
  }

  private mutating func closeTogether(_ ranges: [Query.NumberRange], _ limit: Int) throws(StoreError) {
    let batch = try source.run(.senders(ranges, limit: limit + 1))
    guard batch.isComplete else { return }
    var sent: [Sender: [Int]] = [:]
    for document in try batch.all() {
      guard let number = try SentNumber(of: document) else { continue }
      sent[Sender(log: number.log, user: number.user), default: []].append(number.seq)
    }
    let logs = Set(ranges.map(\.log))
    for gap in gaps where logs.contains(gap.range.numbers.log) {
      fill(gap, SequenceSet(numbers: sent[Sender(log: gap.range.numbers.log, user: gap.range.user)] ?? []))
    }
    gaps.removeAll { logs.contains($0.range.numbers.log) }
  }

  /// Enters which of a gap's numbers its reader sent.
  private mutating func fill(_ gap: Gap, _ numbers: SequenceSet) {
    guard var state = found[gap.inbox]?.state else { return }
    state[gap.side].sent.formUnion(
      numbers.intersection(gap.range.numbers.first, through: gap.range.numbers.last ?? .max))
    remember(state, gap.side)
    found[gap.inbox]?.state = state
  }

  private mutating func close(_ gaps: ArraySlice<Gap>) throws(StoreError) {
    let batch = try source.run(.sent(gaps.map(\.range), limit: Source.numbersTogether))
    let documents = try batch.all()
    let isWhole = batch.isComplete && documents.count < Source.numbersTogether
    guard isWhole || !isShared else {
      for gap in gaps { found[gap.inbox] = nil }
      return
    }
    var sent: [Sender: [Int]] = [:]
    if isWhole {
      for document in documents {
        let number = try SentNumber(document)
        sent[Sender(log: number.log, user: number.user), default: []].append(number.seq)
      }
    }
    for gap in gaps {
      let (user, numbers) = (gap.range.user, gap.range.numbers)
      fill(
        gap,
        isWhole
          ? SequenceSet(numbers: sent[Sender(log: numbers.log, user: user)] ?? [])
          : try source.numbers(
            in: numbers.log, where: .sender(user), from: numbers.first, through: numbers.last ?? .max))
    }
  }
}

import Inbox
import Mongo

/// Reads what a group of views asks for, in one command at one snapshot. A command before it looks at logs
/// that were never read; a command after it fetches what readers sent below the newest messages.
struct GatherRun {
  private let wants: [Want]
  private let hints: HeadHints
  private let sentCache: SentCache
  private let session: MongoSession
  private let view: View
  private var logs: [LogName: Log] = [:]
  private var names: [[UInt8]: LogName] = [:]
  private var marks: [[UInt8]: RecordDocument] = [:]

  /// The number of messages of each log that come with the state of an inbox: those of a first page.
  static let newest = 12
  /// Room for messages appended since the last look.
  private static let slack = 1000

  private struct Log {
    var encoded: [UInt8]
    /// The number that the log is known to have reached, if it is the log of an inbox.
    var hint: Int?
    var asked = SequenceSet()
    var found: [MessageDocument] = []
    var record = LogRecord()

    /// The number above which the log's messages are asked for.
    var floor: Int? { hint.map { max(0, $0 - GatherRun.newest) } }
  }

  init(_ wants: [Want], _ layout: Layout, _ session: MongoSession) {
    self.wants = wants
    hints = layout.past.hints
    sentCache = layout.past.sent
    self.session = session
    view = View(session, layout, newest: Self.newest)
  }

  /// Returns an answer for each want, in order.
  mutating func run() throws -> [Ask.Answer] {
    if wants.count == 1, case .state(let inbox) = wants[0], hints.head(of: inbox.shared) == nil {
      return [try first(inbox)]
    }
    try collect()
    guard try fetch() else {
      for name in logs.keys { hints.forget(name) }
      return wants.map { _ in .alone }
    }
    return try answers()
  }

  /// Reads a log for the first time, for a single reader: one command that needs no prior knowledge.
  private func first(_ inbox: Inbox) throws -> Ask.Answer {
    let state = try view.state(of: inbox)
    hints.remember(state.shared.head, of: inbox.shared)
    hints.remember(state.own.head, of: inbox.own)
    return .state(state, shared: view.stretch(inbox.shared), own: view.stretch(inbox.own))
  }

  private mutating func collect() throws(StoreError) {
    var unknown: [LogName] = []
    for want in wants {
      switch want {
      case .messages(let name, let numbers):
        var log = logs[name] ?? Log(encoded: name.encoded)
        log.asked.formUnion(numbers)
        logs[name] = log
      case .state(let inbox):
        for name in [inbox.shared, inbox.own] where logs[name]?.hint == nil {
          var log = logs[name] ?? Log(encoded: name.encoded)
          log.hint = hints.head(of: name)
          if log.hint == nil {
            unknown.append(name)
            log.hint = 0
          }
          logs[name] = log
        }
      }
    }
    for (name, log) in logs { names[log.encoded] = name }
    guard !unknown.isEmpty else { return }
    let heads = try FetchedMany([try view.run(.heads(unknown.compactMap { logs[$0]?.encoded }))]).heads
    for (name, log) in logs { logs[name]?.hint = log.hint.map { max($0, heads[log.encoded] ?? 0) } }
  }

  /// Reads what is asked for; false if there is more than fits into a reply.
  private mutating func fetch() throws(StoreError) -> Bool {
    var ranges: [Query.NumberRange] = []
    var limit = Self.slack
    for log in logs.values {
      if let floor = log.floor {
        ranges.append(.init(log: log.encoded, first: floor + 1, last: nil))
        limit += Self.newest
      }
      for span in log.asked.spans {
        ranges.append(.init(log: log.encoded, first: span.first, last: span.last))
        limit += span.count
      }
    }
    let records = logs.values.filter { $0.hint != nil }.map(\.encoded)
    let marks = Set(wants.compactMap { if case .state(let inbox) = $0 { inbox } else { nil } })
    let batch = try view.run(
      .gather(ranges, records: records, marks: marks.map(\.own.encoded), limit: limit), .snapshot)
    guard batch.isComplete else { return false }
    var place = (log: [UInt8](), name: LogName?.none)
    var count = 0
    for document in try View.documents(batch) {
      switch try Fetched.Kind(document) {
      case .message:
        let (log, message) = try MessageDocument.placed(document)
        // The messages of a log follow one another.
        if !log.elementsEqual(place.log) {
          place.log = Array(log)
          place.name = names[place.log]
        }
        guard let name = place.name else { throw .damaged("a reply holds what was not asked for") }
        logs[name]?.found.append(message)
        count += 1
      case .record:
        let record = try RecordDocument(document, of: .logs)
        if let name = names[record.name] { logs[name]?.record = try LogRecord(record) }
      case .marks:
        let record = try RecordDocument(document, of: .marks)
        self.marks[record.name] = record
      case .head:
        throw .damaged("a reply holds what was not asked for")
      }
    }
    for name in logs.keys { logs[name]?.found.sort { $0.message.seq < $1.message.seq } }
    return count < limit
  }
}

// Answers.
extension GatherRun {
  /// The numbers below the messages at hand where the reader's own messages are not known.
  private struct Gap {
    var answer: Int
    var side: Inbox.Side
    var user: Text
    var name: LogName
    var range: ClosedRange<Int>
  }

  private mutating func answers() throws(StoreError) -> [Ask.Answer] {
    var states: [Int: (state: InboxState, shared: Gathered.Stretch, own: Gathered.Stretch)] = [:]
    var gaps: [Gap] = []
    for (index, want) in wants.enumerated() {
      guard case .state(let inbox) = want, let shared = stretch(inbox.shared), let own = stretch(inbox.own)
      else { continue }
      var state = InboxState(inbox: inbox)
      if let record = marks[inbox.own.encoded] { state.marks = try Marks(record) }
      state.shared = try log(inbox.shared)
      state.own = try log(inbox.own)
      try state.checkMarks()
      for side in Inbox.Side.allCases {
        let (name, folded, head) = (inbox.log(side), state.folded(side), state.log(side).head)
        let known = sentCache.known(inbox.user, name, after: folded)
        var sent = known.numbers.intersection(folded + 1, through: head)
        let newest = (logs[name]?.found ?? []).drop { $0.message.seq <= logs[name]?.floor ?? 0 }
        for found in newest where found.message.seq > known.through {
          if found.message.body.sender == inbox.user { sent.insert(found.message.seq) }
        }
        if side == .shared { state.shared.sent = sent } else { state.own.sent = sent }
        guard known.through < head, let lowest = newest.first?.message.seq else { continue }
        if known.through + 1 < lowest {
          let range = (known.through + 1)...(lowest - 1)
          gaps.append(Gap(answer: index, side: side, user: inbox.user, name: name, range: range))
        } else {
          remember(state, side)
        }
      }
      states[index] = (state, shared, own)
    }
    try close(gaps, &states)
    for (name, log) in logs where log.hint != nil {
      if let head = log.found.last?.message.seq { hints.remember(head, of: name) }
    }
    return wants.enumerated().map { index, want in
      switch want {
      case .state:
        states[index].map { .state($0.state, shared: $0.shared, own: $0.own) } ?? .alone
      case .messages(let name, _):
        .messages(logs[name]?.found ?? [])
      }
    }
  }

  /// The newest messages of an inbox's log; nil if the log is shorter than before, for instance after its
  /// database was removed.
  private func stretch(_ name: LogName) -> Gathered.Stretch? {
    guard let log = logs[name], let hint = log.hint, let floor = log.floor else { return nil }
    let head = log.found.last?.message.seq ?? 0
    guard head >= hint else {
      // Nothing that is remembered of this past is reliable any more.
      session.suspectChange()
      hints.forget(name)
      return nil
    }
    guard head > 0 else {
      hints.remember(0, of: name)
      return Gathered.Stretch()
    }
    var covered = SequenceSet(floor + 1, through: head)
    covered.formUnion(log.asked.intersection(1, through: head))
    return Gathered.Stretch(covered: covered, messages: log.found)
  }

  private func log(_ name: LogName) throws(StoreError) -> LogState {
    let log = LogState(
      head: logs[name]?.found.last?.message.seq ?? 0, record: logs[name]?.record ?? LogRecord())
    try log.check()
    return log
  }

  private func remember(_ state: InboxState, _ side: Inbox.Side) {
    let log = state.log(side)
    sentCache.remember(
      .init(after: state.folded(side), through: log.head, numbers: log.sent), state.inbox.user,
      state.inbox.log(side))
  }

  private func close(
    _ gaps: [Gap], _ states: inout [Int: (state: InboxState, shared: Gathered.Stretch, own: Gathered.Stretch)]
  ) throws(StoreError) {
    guard !gaps.isEmpty else { return }
    let ranges = gaps.map { gap in
      Query.SentRange(
        user: gap.user,
        numbers: .init(
          log: logs[gap.name]?.encoded ?? [], first: gap.range.lowerBound, last: gap.range.upperBound))
    }
    let batch = try view.run(.sent(ranges, limit: View.numbersTogether))
    let documents = try View.documents(batch)
    let isWhole = batch.isComplete && documents.count < View.numbersTogether
    var sent: [SentPlace: [Int]] = [:]
    for document in documents {
      let place = try Place(document)
      sent[SentPlace(user: try Place.user(document), log: place.log), default: []].append(place.seq)
    }
    for (gap, range) in zip(gaps, ranges) {
      guard isWhole, var found = states[gap.answer] else {
        states[gap.answer] = nil
        continue
      }
      let numbers = sent[SentPlace(user: gap.user, log: range.numbers.log)] ?? []
      let below = SequenceSet(numbers: numbers.filter { gap.range.contains($0) })
      switch gap.side {
      case .shared: found.state.shared.sent.formUnion(below)
      case .own: found.state.own.sent.formUnion(below)
      }
      remember(found.state, gap.side)
      states[gap.answer] = found
    }
  }

  private struct SentPlace: Hashable {
    var user: Text
    var log: [UInt8]
  }
}

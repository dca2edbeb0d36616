import Inbox
import Mongo
import Runtime

/// A view of the store for the duration of one body, on one of the pool's threads.
///
/// The heads, records and marks, which decide an answer, are read once and kept. Messages never change, so
/// later commands only fetch the messages that were decided on. If one of them was retracted in between, the
/// view ends: see `StaleView`.
final class View: StoreReader {
  let session: MongoSession
  private let memory: Past
  private let clock: ServerClock
  private var time: Timestamp?
  private let hasSnapshots: Bool
  private let newest: Int
  private let pass: LargeReads.Pass?
  private var states: [Inbox: InboxState] = [:]
  private var writers: [Inbox: BSONObjectID] = [:]
  private var logs: [LogName: LogState] = [:]
  private var messages: [LogName: [Int: Message]] = [:]

  /// `newest` is how many messages of each log come with the state of an inbox: those of its first page.
  ///
  /// Without a `pass` it may hold as many bytes of messages as it is asked for; with one it may throw `Crowded`.
  /// `now` is the read's time, if that is known.
  convenience init(
    _ session: MongoSession, _ layout: Layout, newest: Int, pass: LargeReads.Pass? = nil,
    now: Timestamp? = nil
  ) {
    self.init(
      session, layout.past, layout.clock, hasSnapshots: layout.server.supportsSnapshotReads, newest: newest,
      pass: pass, now: now)
  }

  init(
    _ session: MongoSession, _ past: Past, _ clock: ServerClock, hasSnapshots: Bool, newest: Int,
    pass: LargeReads.Pass? = nil, now: Timestamp? = nil
  ) {
    self.clock = clock
    time = now
    self.pass = pass
    self.session = session
    memory = past
    self.hasSnapshots = hasSnapshots
    self.newest = newest
  }

  var past: Int { memory.number }

  var now: Timestamp {
    get throws {
      if let time { return time }
      let now: Timestamp
      do {
        now = try clock.steadyNow(session)
      } catch {
        throw StoreError(error)
      }
      time = now
      return now
    }
  }

  func run(_ query: Query, _ concern: MongoReadConcern = .majority) throws(StoreError) -> MongoBatch {
    var backoff = Backoff(.milliseconds(500), .remote)
    while true {
      do {
        return try query.run(session, concern)
      } catch {
        // A snapshot may be older than a collection, or the primary may be about to enter its next term.
        guard error.kind == .server, error.isRetryable, backoff.pause() else { throw StoreError(error) }
      }
    }
  }

  /// The token of the last change of an inbox's marks.
  func writer(of inbox: Inbox) -> BSONObjectID? { writers[inbox] }

  func pinnedHead(_ name: LogName) -> Int? { logs[name]?.head }

  static func documents(_ batch: MongoBatch) throws(StoreError) -> [BSONDocument] {
    do {
      return try batch.documents.documents()
    } catch {
      throw .damaged("a reply can't be read: \(error)")
    }
  }
}

// The data that decides an answer.
extension View {
  func states(of inboxes: [Inbox]) throws -> [InboxState] {
    let missing = Set(inboxes.filter { states[$0] == nil })
    if missing.count == 1, let inbox = missing.first, hasSnapshots {
      try fetch(inbox)
    } else if !missing.isEmpty {
      try fetch(Array(missing))
    }
    return inboxes.map { inbox in
      guard let state = states[inbox] else { preconditionFailure("fetched above") }
      return state
    }
  }

  /// The log as this view sees it; the first look decides.
  func pin(_ name: LogName, head: Int, record: LogRecord) throws(StoreError) -> LogState {
    if let log = logs[name] { return log }
    let log = LogState(head: head, record: record)
    try log.check()
    logs[name] = log
    return log
  }

  /// The messages of a log that came with the state.
  func stretch(_ name: LogName) -> Gathered.Stretch {
    let known = (messages[name] ?? [:]).sorted { $0.key < $1.key }
    return Gathered.Stretch(
      covered: SequenceSet(numbers: known.map(\.key)),
      // They are of the same moment as the state: a cleared message is already retracted there.
      messages: known.map { MessageDocument(message: $0.value, isCleared: false) })
  }

  /// Takes over the gathered data, from which this view continues.
  func take(_ gathered: Gathered) {
    guard let state = gathered.state else { return }
    states[state.inbox] = state
    for side in Inbox.Side.allCases {
      let name = state.inbox.log(side)
      logs[name] = LogState(head: state.log(side).head, record: state.log(side).record)
      for document in gathered.stretches[name]?.messages ?? []
      where !document.isCleared || state.log(side).record.retracted.contains(document.message.seq) {
        messages[name, default: [:]][document.message.seq] = document.message
      }
    }
  }

  private func add(_ inbox: Inbox, _ marks: Marks, _ logs: [LogName: Fetched.Log]) throws(StoreError) {
    var state = InboxState(inbox: inbox, marks: marks)
    let shared = logs[inbox.shared] ?? Fetched.Log()
    let own = logs[inbox.own] ?? Fetched.Log()
    state.shared = try pin(inbox.shared, head: shared.head, record: shared.record)
    state.own = try pin(inbox.own, head: own.head, record: own.record)
    try state.checkMarks()
    states[inbox] = state
  }

  /// Reads one inbox in one command.
  private func fetch(_ inbox: Inbox) throws(StoreError) {
    let batch = try run(.inbox(inbox, newest: newest), .snapshot)
    // Marks and records near their limits together with the largest messages do not fit: they are read one by
    // one.
    guard batch.isComplete else { return try fetch([inbox]) }
    let found = try Fetched(batch, of: inbox)
    writers[inbox] = found.marksWriter
    try add(inbox, found.marks, found.logs)
    for (name, log) in found.logs { messages[name, default: [:]].merge(log.messages) { first, _ in first } }
    guard var state = states[inbox] else { return }
    state.shared.sent = try sent(inbox.shared, inbox.user, after: state.marks.shared.folded, found)
    state.own.sent = try sent(inbox.own, inbox.user, after: state.marks.own.folded, found)
    states[inbox] = state
  }

  /// The numbers that the reader sent after `folded`: remembered up to some number, and taken from the newest
  /// messages; those in between are asked for.
  private func sent(
    _ name: LogName, _ user: Text, after folded: Int, _ found: Fetched
  ) throws(StoreError) -> SequenceSet {
    guard let head = logs[name]?.head, head > folded else { return SequenceSet() }
    var known = memory.sent.known(user, name, after: folded)
    if known.through < head {
      let newest = found.logs[name]?.messages ?? [:]
      let lowest = newest.keys.min() ?? head + 1
      if lowest > known.through + 1 {
        known.numbers.formUnion(
          try numbers(name, .sender(user), from: known.through + 1, through: min(lowest - 1, head)))
      }
      for (seq, message) in newest where seq > known.through && message.body.sender == user {
        known.numbers.insert(seq)
      }
      known.through = head
      memory.sent.remember(known, user, name)
    }
    return known.numbers.intersection(folded + 1, through: head)
  }
}

// Many inboxes, and servers without snapshots.
extension View {
  private func fetch(_ inboxes: [Inbox]) throws(StoreError) {
    for start in stride(from: 0, to: inboxes.count, by: 500) {
      try fetchTogether(Array(inboxes[start..<min(start + 500, inboxes.count)]))
    }
    var byUser: [Text: [(inbox: Inbox, side: Inbox.Side)]] = [:]
    for inbox in inboxes {
      guard let state = states[inbox] else { continue }
      for side in Inbox.Side.allCases where state.log(side).head > state.folded(side) {
        byUser[inbox.user, default: []].append((inbox, side))
      }
    }
    for (user, places) in byUser { try fetchSent(by: user, places) }
  }

  private func fetchTogether(_ inboxes: [Inbox]) throws(StoreError) {
    let logs = Array(Set(inboxes.flatMap { [$0.shared, $0.own] })).map(\.encoded)
    let marks = inboxes.map(\.own.encoded)
    var batches: [MongoBatch] = []
    if hasSnapshots, inboxes.count > 1 {
      batches = [try run(.inboxes(logs: logs, marks: marks), .snapshot)]
    } else {
      // Marks are read first and heads last: then no mark or retraction lies beyond the heads.
      batches = [
        try run(.records(.marks, marks)), try run(.records(.logs, logs)), try run(.heads(logs)),
      ]
    }
    guard batches.allSatisfy(\.isComplete) else {
      guard inboxes.count > 1 else { throw .damaged("a record of more than 16 MiB") }
      // With large marks, fewer inboxes are read at once.
      try fetchTogether(Array(inboxes.prefix(inboxes.count / 2)))
      return try fetchTogether(Array(inboxes.dropFirst(inboxes.count / 2)))
    }
    let found = try FetchedMany(batches)
    for inbox in inboxes {
      var logs: [LogName: Fetched.Log] = [:]
      for name in [inbox.shared, inbox.own] {
        let encoded = name.encoded
        logs[name] = Fetched.Log(
          head: found.heads[encoded] ?? 0, record: found.records[encoded] ?? LogRecord())
      }
      let marks = found.marks[inbox.own.encoded]
      writers[inbox] = marks?.token
      try add(inbox, marks.map { record throws(StoreError) in try Marks(record) } ?? Marks(), logs)
    }
  }

  private func fetchSent(
    by user: Text, _ places: [(inbox: Inbox, side: Inbox.Side)]
  ) throws(StoreError) {
    for start in stride(from: 0, to: places.count, by: 200) {
      let some = places[start..<min(start + 200, places.count)]
      let batch = try run(
        .sent(
          by: user,
          after: some.map { ($0.inbox.log($0.side).encoded, states[$0.inbox]?.folded($0.side) ?? 0) },
          limit: Self.numbersTogether))
      let documents = try Self.documents(batch)
      var numbers: [[UInt8]: [Int]] = [:]
      for document in documents {
        let place = try Place(document)
        numbers[place.log, default: []].append(place.seq)
      }
      let isWhole = batch.isComplete && documents.count < Self.numbersTogether
      for (inbox, side) in some {
        guard let state = states[inbox] else { continue }
        let (name, folded, head) = (inbox.log(side), state.folded(side), state.log(side).head)
        let sent =
          isWhole
          ? SequenceSet(numbers: numbers[name.encoded] ?? []).intersection(folded + 1, through: head)
          : try self.numbers(name, .sender(user), from: folded + 1, through: head)
        switch side {
        case .shared: states[inbox]?.shared.sent = sent
        case .own: states[inbox]?.own.sent = sent
        }
      }
    }
  }
}

// Messages.
extension View {
  /// The most numbers, and the most messages, in one reply.
  static let numbersTogether = 50_000
  private static let messagesTogether = 1000
  /// How many are fetched where nobody knows how large they are.
  private static let messagesAtFirst = 16
  /// About how many bytes one reply of messages brings, and how many one view holds beside any number of others.
  private static let bytesTogether = 2 << 20
  private static let smallSize = 1 << 20

  func messages(in name: LogName, _ numbers: SequenceSet) throws -> [Message] {
    let numbers = numbers.intersection(1, through: logs[name]?.head ?? .max)
    guard !numbers.isEmpty else { return [] }
    if let known = known(name, numbers) { return known }
    var found: [Message] = []
    // A caller usually asks for a page; a request for more than a log may hold reserves no memory in advance.
    found.reserveCapacity(min(numbers.count, 256))
    var size = (known: 0, of: 0)
    for message in (messages[name] ?? [:]).values { size = (size.known + message.body.size, size.of + 1) }
    var (rest, bytes) = (numbers, 0)
    while !rest.isEmpty {
      let average = size.of == 0 ? 0 : size.known / size.of
      // Before it is fetched: what is in memory is too late to be waited for.
      guard
        bytes + average * min(rest.count, Self.messagesTogether) <= Self.smallSize
          || pass?.mayBeLarge() ?? true
      else {
        throw Crowded()
      }
      let count = size.of == 0 ? Self.messagesAtFirst : Self.bytesTogether / max(average, 1)
      let next = rest.oldest(min(max(count, 1), Self.messagesTogether))
      let before = found.count
      let isWhole = try read(next, name, &found)
      for message in found[before...] {
        bytes += message.body.size
        size = (size.known + message.body.size, size.of + 1)
      }
      // The log ends here, or lacks messages, which the caller sees.
      if isWhole, found.count - before < next.count { break }
      // A reply is full at 16 MiB: the next one goes on.
      guard let end = found[before...].last?.seq else { break }
      rest = rest.above(end)
    }
    return found
  }

  /// The token of a message that came with the state.
  func knownToken(_ name: LogName, _ seq: Int) -> UInt64? { messages[name]?[seq]?.token }

  /// The messages, if all of them came with the state; nil otherwise.
  private func known(_ name: LogName, _ numbers: SequenceSet) -> [Message]? {
    guard let known = messages[name], numbers.count <= known.count else { return nil }
    var found: [Message] = []
    found.reserveCapacity(numbers.count)
    for seq in numbers.numbers {
      guard let message = known[seq] else { return nil }
      found.append(message)
    }
    return found
  }

  /// Appends what is found of these numbers; false if the reply was full before its last message.
  private func read(_ numbers: SequenceSet, _ name: LogName, _ found: inout [Message]) throws -> Bool {
    guard let first = numbers.first, let last = numbers.last else { return true }
    let log = name.encoded
    let batch = try run(
      numbers.spanCount > 1
        ? .messages(log, Array(numbers.numbers))
        : .messages(log, from: first, through: last, limit: numbers.count))
    let retracted = logs[name]?.record.retracted
    for document in try Self.documents(batch) {
      let document = try MessageDocument(document)
      if document.isCleared, let retracted, !retracted.contains(document.message.seq) { throw StaleView() }
      found.append(document.message)
    }
    return batch.isComplete
  }
}

extension InboxState {
  func folded(_ side: Inbox.Side) -> Int {
    side == .shared ? marks.shared.folded : marks.own.folded
  }
}

/// Counts inboxes one by one, as a store would that kept a copy of each message for each reader, and compares with what
/// arithmetic on ranges gives. The readers of one shared log are counted together, so that it is read once for them.
public struct Recount: Sendable {
  /// The inboxes whose counts differ.
  public private(set) var wrong: [Inbox] = []
  private var copies: [Copy]

  /// One reader's copies of the messages.
  private struct Copy {
    let state: InboxState
    var counts = InboxState.Counts()

    init(_ state: InboxState) { self.state = state }

    mutating func take(_ seq: Int, from sender: Text?, _ side: Inbox.Side) {
      let (log, marks) = (state.log(side), state.marks[side])
      guard seq >= log.record.tail, seq <= log.head, !log.record.retracted.contains(seq) else { return }
      if side == .shared, !state.marks.membership.shows(seq) { return }
      guard !marks.deleted.contains(seq), !marks.archived.contains(seq) else { return }
      counts.total += 1
      let isOwn = seq > marks.folded && sender == state.inbox.user
      if !isOwn, !marks.read.contains(seq) { counts.unread += 1 }
      if !marks.seen.contains(seq) { counts.unseen += 1 }
    }
  }

  /// The most inboxes that are counted together.
  public static let together = 256

  /// Begins to count these inboxes, which have one shared log.
  public init(_ states: [InboxState]) { copies = states.map { Copy($0) } }

  /// The number of steps that the count takes: a message for a reader.
  public static func steps(_ states: [InboxState]) -> Int {
    states.reduce(0) { $0 + $1.shared.head + $1.own.head }
  }

  /// The logs to be read, each with its last number: the shared one first.
  public var logs: [(name: LogName, head: Int)] {
    guard let first = copies.first else { return [] }
    let shared = copies.map(\.state.shared.head).max() ?? 0
    return [(first.state.inbox.shared, shared)] + copies.map { ($0.state.inbox.own, $0.state.own.head) }
  }

  /// Takes a message of one of the logs.
  public mutating func take(_ seq: Int, from sender: Text?, log index: Int) {
    if index > 0 {
      copies[index - 1].take(seq, from: sender, .own)
    } else {
      for place in copies.indices { copies[place].take(seq, from: sender, .shared) }
    }
  }

  /// Compares, once all messages were taken.
  public mutating func finish() {
    wrong = copies.filter { $0.counts != $0.state.counts }.map(\.state.inbox)
  }
}

extension ExaminedStore {
  /// Counts every inbox one by one, as far as the steps go. Inboxes and logs that are damaged are left out: what is wrong
  /// with them is told by the other checks.
  public func recount(_ verification: Verification, _ verdict: inout Verdict) async throws {
    var (last, steps) = (Inbox?.none, verification.steps)
    while !verification.isOver {
      let page: [Inbox]
      do {
        page = try await read { [last] in try $0.inboxes(after: last, limit: Recount.together) }
      } catch StoreError.damaged { return }
      guard let newest = page.last else { return }
      last = newest
      // Neighbours in the list, since a shared log is part of the names of its inboxes.
      for inboxes in page.runs(by: \.shared) {
        guard let states = try await states(of: inboxes) else { continue }
        guard Recount.steps(states) <= steps else { return }
        steps -= Recount.steps(states)
        guard var wrong = try await wrong(among: states) else { continue }
        verdict.recounted += states.count
        // Messages may have been removed between two views: what is wrong is wrong again.
        if !wrong.isEmpty { wrong = try await self.wrong(among: self.states(of: wrong) ?? []) ?? [] }
        for inbox in wrong { verdict.faults.add(Fault(.counts, .inbox(inbox))) }
      }
    }
    verdict.isComplete = false
  }

  private func states(of inboxes: [Inbox]) async throws -> [InboxState]? {
    do {
      return try await read { try $0.states(of: inboxes) }
    } catch StoreError.damaged {
      guard inboxes.count > 1 else { return nil }
      var states: [InboxState] = []
      for inbox in inboxes { states += try await self.states(of: [inbox]) ?? [] }
      return states.isEmpty ? nil : states
    }
  }

  /// Which inboxes are counted otherwise. Nil if a log can't be read. Numbers and senders never change, so each page of a
  /// log may come from a view of its own.
  private func wrong(among states: [InboxState]) async throws -> [Inbox]? {
    var recount = Recount(states)
    for (index, log) in recount.logs.enumerated() {
      var first = 1
      while first <= log.head {
        let entries: [LogEntry]
        do {
          entries = try await read { [first] in try $0.entries(in: log.name, from: first, limit: 1000) }
        } catch StoreError.damaged { return nil }
        guard let newest = entries.last?.message.seq else { break }
        for entry in entries { recount.take(entry.message.seq, from: entry.message.body.sender, log: index) }
        first = newest + 1
      }
    }
    recount.finish()
    return recount.wrong
  }
}

extension [Inbox] {
  /// The parts whose elements have the same value there, in order.
  fileprivate func runs(by value: (Inbox) -> LogName) -> [[Inbox]] {
    var runs: [[Inbox]] = []
    for inbox in self {
      if let last = runs.last?.first, value(last) == value(inbox) {
        runs[runs.count - 1].append(inbox)
      } else {
        runs.append([inbox])
      }
    }
    return runs
  }
}

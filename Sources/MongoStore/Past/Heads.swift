import Inbox
import Locks
import Mongo
import Synchronization

/// What is remembered of the ends of logs.
///
/// A log only grows, so a number that it has reached stays true, and a message that it holds stays in it: while
/// the newest one that is known is there, it is the same log, and what is remembered of it holds. So no proof is
/// dropped as long as anything else of its log may be remembered: when there are too many, the past is over.
///
/// The last message is only a guess, behind which writers append without a read first: the index refuses a
/// number that is taken, and the guess is forgotten with the first error. It does not live long: a log may have
/// been restored to an earlier state, and a number far above its last one would leave a gap that no index refuses.
final class Heads: Sendable {
  private struct Entry {
    var end = LogEnd()
    var last: (head: Head, end: ContinuousClock.Instant)?
  }

  // Held for a look or an entry.
  private let entries = Locked<[LogName: Entry]>([:])
  private let full = Atomic(false)
  private let capacity: Int
  private let lifetime: Duration

  init(capacity: Int = 131_072, lifetime: Duration = .milliseconds(500)) {
    self.capacity = capacity
    self.lifetime = lifetime
  }

  /// Whether there are more logs than are remembered.
  var isFull: Bool { full.load(ordering: .relaxed) }

  /// What is known of the end of a log; nil if it was never looked at.
  func end(of log: LogName) -> LogEnd? { entries.withLock { $0[log]?.end } }

  /// The last message of a log, as long as it may be relied on.
  func last(of log: LogName) -> Head? {
    let now = ContinuousClock.now
    return entries.withLock { entries in
      entries[log]?.last.flatMap { $0.end > now ? $0.head : nil }
    }
  }

  /// Changes what is known of the end of a log.
  func change(endOf log: LogName, _ body: (inout LogEnd) -> Void) {
    change(log) { body(&$0.end) }
  }

  /// Notes that messages had to be asked for.
  func miss(_ numbers: SequenceSet, in log: LogName) {
    entries.withLock { $0[log]?.end.miss(numbers) }
  }

  /// Remembers the last messages of logs, which are known to have been the last `at` this moment: written `behind`
  /// these messages, which are in the logs.
  func remember(
    _ heads: [LogName: Head], behind: [LogName: BSONObjectID], at moment: ContinuousClock.Instant
  ) {
    for (log, head) in heads {
      change(log) { entry in
        entry.end.append(head.seq, head.token, behind: behind[log])
        entry.last = (head, moment + lifetime)
      }
    }
  }

  private func change(_ log: LogName, _ body: (inout Entry) -> Void) {
    entries.withLock { entries in
      if entries.count >= capacity, entries[log] == nil { full.store(true, ordering: .relaxed) }
      guard !isFull else { return }
      body(&entries[log, default: Entry()])
    }
  }

  /// Forgets the last messages of logs.
  func forgetLast(of logs: some Sequence<LogName>) {
    entries.withLock { entries in
      for log in logs { entries[log]?.last = nil }
    }
  }
}

/// What is known of the end of a log.
struct LogEnd: Hashable, Sendable {
  /// A message that a log holds.
  struct Proof: Hashable, Sendable {
    var seq: Int
    var token: BSONObjectID
  }

  /// The number of messages that come with the state of an inbox: those of a first page.
  static let page = 12

  /// A number that the log has reached.
  private(set) var reached = 0
  /// The newest message that is known to be in the log.
  private(set) var proof: Proof?
  /// The number up to which messages were brought.
  private var brought = 0
  /// How many more reads bring the newest messages along, whether they were brought before or not.
  private var along = 1

  /// The reads that bring the newest messages along after some had to be asked for.
  private static let alongAfterMiss = 16

  /// Notes that the log holds a message with this number, and its token if it is known.
  mutating func reach(_ seq: Int, _ token: BSONObjectID?) {
    reached = max(reached, seq)
    if let token, seq >= proof?.seq ?? 1 { proof = Proof(seq: seq, token: token) }
  }

  /// Notes that messages were written behind one that the log holds; the last one has this number and token. It
  /// proves the log only if that one did: otherwise the log may be another one, which the next read finds out.
  mutating func append(_ seq: Int, _ token: BSONObjectID?, behind: BSONObjectID?) {
    reach(seq, proof == nil || proof?.token == behind ? token : nil)
  }

  /// The first number that a read asks for that wants the `newest` messages.
  func first(newest: Int) -> Int {
    let first = max(1, reached - newest + 1)
    return along > 0 ? first : max(first, min(brought + 1, max(reached, 1)))
  }

  /// Notes that all messages from `first` to the end were brought; `isPage` if the newest ones were wanted.
  mutating func bring(from first: Int, isPage: Bool) {
    guard isPage || first <= brought + 1 else { return }
    brought = reached
    if isPage { along = max(0, along - 1) }
  }

  /// Notes that messages had to be asked for: who shows them forgets them sooner than this log's end.
  mutating func miss(_ numbers: SequenceSet) {
    if numbers.last ?? 0 > reached - Self.page { along = Self.alongAfterMiss }
  }
}

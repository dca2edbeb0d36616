import Inbox
import Runtime

/// What one connection has read of inboxes and logs. A value that knows no file: whoever keeps something says at which
/// moment of the file it was read, and whoever asks says which moment is meant. What is of an earlier moment helps to
/// read it again.
struct KeptStates {
  private var inboxes = RecentlyUsed<LogName, KeptInbox>(capacity: inboxBytes)
  private var logs = RecentlyUsed<LogName, KeptLog>(capacity: logBytes)
  private var lines = 0

  /// The approximate most bytes that are kept of inboxes and of logs.
  static let inboxBytes = 3 << 20
  static let logBytes = 1 << 20

  /// The state of an inbox, if it was read at this moment.
  @inline(__always)
  mutating func state(of inbox: Inbox, at moment: Int) -> InboxState? {
    guard let kept = inboxes.use(inbox.own), kept.moment == moment else { return nil }
    return kept.state
  }

  /// What was read of an inbox, at whatever moment.
  func inbox(_ inbox: Inbox) -> KeptInbox? { inboxes.look(inbox.own) }

  /// What was read of a log, at whatever moment.
  @inline(__always)
  mutating func log(_ name: LogName) -> KeptLog? { logs.use(name) }

  mutating func keep(_ inbox: KeptInbox) {
    // A place in the cache, the names, and the ranges with their counts.
    let name = inbox.state.inbox.own
    let weight = 768 + 4 * name.encoded.count + 24 * inbox.state.rangeCount
    // One that is as large as many is read again: it would drive out those.
    guard weight <= Self.inboxBytes / 2 else { return }
    inboxes.set(name, inbox, weight: weight)
  }

  mutating func keep(_ log: KeptLog, of name: LogName) {
    let weight = 256 + 2 * name.encoded.count + 24 * (log.row?.record.rangeCount ?? 0)
    guard weight <= Self.logBytes / 2 else { return }
    logs.set(name, log, weight: weight)
  }

  /// A line that nobody has followed yet: see ``KeptLog/line``.
  mutating func newLine() -> Int {
    lines += 1
    return lines
  }

  /// Forgets everything.
  mutating func forget() {
    inboxes = RecentlyUsed(capacity: Self.inboxBytes)
    logs = RecentlyUsed(capacity: Self.logBytes)
  }
}

/// A log as it was at some moment.
struct KeptLog: Sendable {
  /// The row; nil if there was none.
  var row: LogRow?
  /// The history of the log: rows of one line have the same messages, as far as both go.
  var line: Int
  var moment: Int
}

/// An inbox as it was at some moment.
struct KeptInbox: Sendable {
  var state: InboxState
  /// The lines of its logs.
  var shared: Int
  var own: Int
  var moment: Int

  /// What the reader sent, as far as it was known.
  func sent(_ side: Inbox.Side) -> KnownSent {
    KnownSent(
      numbers: state.log(side).sent,
      after: side == .shared ? state.marks.shared.folded : state.marks.own.folded,
      through: state.log(side).head, line: side == .shared ? shared : own)
  }
}

/// The messages that a reader sent to a log.
struct KnownSent {
  var numbers: SequenceSet
  /// They are all that are after this number, through another one.
  var after: Int
  var through: Int
  var line: Int
}

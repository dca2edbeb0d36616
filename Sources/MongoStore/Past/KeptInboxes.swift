import Inbox
import Locks
import Mongo
import Runtime

/// The states of inboxes as they were read last, each with the snapshot that it is of. A state holds as long as this
/// snapshot is the commit point: one answer of the primary (``MongoSession/commitPoint(_:)``) says so for all of them,
/// instead of a search for each. Where much is written that is seldom so, and then the primary is not asked.
final class KeptInboxes: Sendable {
  private struct Entry {
    var inbox: KeptInbox
    var moment: MongoCommitPoint
  }

  private struct State {
    var entries = RecentlyUsed<LogName, Entry>(capacity: bytes)
    /// The latest commit point that was heard of.
    var latest: MongoCommitPoint?
    /// Whether the servers tell none.
    var isUntold = false
    var asking = Asking()
  }

  /// The approximate most bytes that are kept.
  static let bytes = 8 << 20

  // Held for a look at the entries of a group, or for entering them; never while the server is asked.
  private let state = Locked(State())

  /// Whether it is worth asking for the commit point before the states of these are read; nil is something else that is
  /// read with them.
  func isWorthAsking(for inboxes: [Inbox?]) -> Bool {
    state.withLock { state in
      guard let latest = state.latest else { return !state.isUntold && inboxes.contains { $0 != nil } }
      let hopeful = inboxes.count { inbox in
        guard let inbox, let entry = state.entries.look(inbox.own) else { return false }
        return entry.moment.mayHold(after: latest)
      }
      return 2 * hopeful >= inboxes.count && hopeful > 0 && state.asking.isWorthIt()
    }
  }

  /// The server process that told the latest commit point. What is read after this may be kept as read from it: while
  /// it runs, no other server of its set has another past.
  var process: BSONObjectID? { state.withLock { $0.latest?.process } }

  /// What was read last of each inbox, if it still holds at this commit point.
  func look(_ inboxes: [Inbox?], at point: MongoCommitPoint?) -> [KeptInbox?] {
    state.withLock { state in
      guard let point else {
        state.isUntold = true
        return inboxes.map { _ in nil }
      }
      let isFirst = state.latest == nil
      if state.latest.map({ $0.process != point.process || $0.time < point.time }) ?? true {
        state.latest = point
      }
      let found = inboxes.map { inbox -> KeptInbox? in
        guard let inbox, let entry = state.entries.use(inbox.own), entry.moment == point else {
          return nil
        }
        return entry.inbox
      }
      if !isFirst { state.asking.note(2 * found.count { $0 != nil } >= inboxes.count) }
      return found
    }
  }

  /// Keeps what was found at a snapshot.
  func keep(_ inboxes: some Sequence<KeptInbox>, _ moment: MongoCommitPoint) {
    state.withLock { state in
      for inbox in inboxes {
        let name = inbox.state.inbox.own
        let weight = 768 + 4 * name.encoded.count + 24 * inbox.state.rangeCount
        // One that is as large as many is read again: it would drive out those.
        guard weight <= Self.bytes / 2 else { continue }
        var inbox = inbox
        if let before = state.entries.look(name)?.inbox {
          // No message came with the state this time.
          if inbox.sizeShared == 0 { inbox.sizeShared = before.sizeShared }
          if inbox.sizeOwn == 0 { inbox.sizeOwn = before.sizeOwn }
        }
        state.entries.set(name, Entry(inbox: inbox, moment: moment), weight: weight)
      }
    }
  }
}

/// The state of an inbox, without messages: these are kept elsewhere, written as JSON.
struct KeptInbox: Sendable {
  var state: InboxState
  /// The token of the last change of the marks.
  var marksToken: BSONObjectID?
  /// The last message of each log, if it is known.
  var lastShared: LastMessage?
  var lastOwn: LastMessage?
  /// About how many bytes a message of each log has; 0 if nobody knows. It decides whether they can be read together
  /// with what others want.
  var sizeShared = 0
  var sizeOwn = 0

  typealias LastMessage = (seq: Int, token: UInt64)
}

/// Decides whether a question that is sometimes useful is worth asking: after each one that was of no use, twice as many
/// chances are let go by.
struct Asking {
  static let mostSkipped = 64
  private var skipped = 0
  private var toSkip = 0

  /// Whether to ask at this chance.
  mutating func isWorthIt() -> Bool {
    guard toSkip > 0 else { return true }
    toSkip -= 1
    return false
  }

  /// Notes whether the question was of use.
  mutating func note(_ wasUseful: Bool) {
    skipped = wasUseful ? 0 : min(max(1, 2 * skipped), Self.mostSkipped)
    toSkip = skipped
  }
}

extension MongoCommitPoint {
  /// Whether this may be the commit point that will be told next, after an earlier one.
  ///
  /// What holds is of exactly the point that is told then: the server reads snapshots at this very point. Its clock
  /// seems to stand still while nothing is written, and is behind a snapshot that was read before only if the server's
  /// machine was set back to an earlier image of it, memory and all.
  fileprivate func mayHold(after earlier: MongoCommitPoint) -> Bool {
    process == earlier.process && time >= earlier.time
  }
}

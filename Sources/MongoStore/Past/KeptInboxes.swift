import Inbox
import Locks
import Mongo
import Runtime

/// The states of inboxes as they were read last, each with the snapshot that it is of. A state holds as long as nothing
/// was committed after its snapshot: one answer of the primary (``MongoSession/commitPoint(_:)``) says so for all of them,
/// instead of a search for each. Where much is written that is seldom so, and then the primary is not asked.
final class KeptInboxes: Sendable {
  private struct Entry {
    var found: FoundInbox
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

  /// Whether it is worth asking for the commit point before these are read.
  func isWorthAsking(for wants: [Want]) -> Bool {
    state.withLock { state in
      guard let latest = state.latest else { return !state.isUntold && wants.contains { $0.inbox != nil } }
      let hopeful = wants.count { want in
        guard let inbox = want.inbox, let entry = state.entries.look(inbox.own) else { return false }
        return entry.moment.holds(at: latest)
      }
      return 2 * hopeful >= wants.count && hopeful > 0 && state.asking.isWorthIt()
    }
  }

  /// The server process that told the latest commit point. What is read after this may be kept as read from it: while
  /// it runs, no other server of its set has another past.
  var process: BSONObjectID? { state.withLock { $0.latest?.process } }

  /// The answers to those wants for which what was read last still holds at this commit point; nil for the others.
  func answers(to wants: [Want], at point: MongoCommitPoint?) -> [Answer?] {
    state.withLock { state in
      guard let point else {
        state.isUntold = true
        return wants.map { _ in nil }
      }
      let isFirst = state.latest == nil
      if state.latest.map({ $0.process != point.process || $0.time < point.time }) ?? true {
        state.latest = point
      }
      let answers = wants.map { want -> Answer? in
        guard let inbox = want.inbox, let entry = state.entries.use(inbox.own), entry.moment.holds(at: point)
        else { return nil }
        return .inboxes([entry.found])
      }
      if !isFirst { state.asking.note(2 * answers.count { $0 != nil } >= wants.count) }
      return answers
    }
  }

  /// Keeps what was found at a snapshot.
  func keep(_ answers: [Answer], _ moment: MongoCommitPoint) {
    state.withLock { state in
      for case .inboxes(let found) in answers {
        for inbox in found {
          // The messages are kept elsewhere, written as JSON.
          let kept = FoundInbox(
            state: inbox.state, marksToken: inbox.marksToken, shared: Stretch(last: inbox.shared.last),
            own: Stretch(last: inbox.own.last))
          let name = inbox.state.inbox.own
          let weight = 768 + 4 * name.encoded.count + 24 * inbox.state.rangeCount
          // One that is as large as many is read again: it would drive out those.
          guard weight <= Self.bytes / 2 else { continue }
          state.entries.set(name, Entry(found: kept, moment: moment), weight: weight)
        }
      }
    }
  }
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
  /// Whether what was read at this point is what a read would find at a later one.
  fileprivate func holds(at later: MongoCommitPoint) -> Bool {
    process == later.process && time >= later.time
  }
}

extension Want {
  /// The inbox, if it is the state of one that is asked for.
  fileprivate var inbox: Inbox? {
    if case .inboxes(let inboxes) = self, inboxes.count == 1 { inboxes[0] } else { nil }
  }
}

import Inbox
import Locks
import Mongo
import Runtime

/// Turns on logs to which several processes append. The process nearest to the primary wins every race for
/// the next number. A process that has lost a few races asks for a turn, and the others append nothing to
/// that log until it has had the turn.
///
/// A turn is a document that the others look at while they append. It only speeds things up: the numbers are
/// correct without it, and a turn that its owner left behind expires by itself.
final class Turns: Sendable {
  /// The number of lost races after which a turn is asked for.
  static let racesBeforeTurn = 2

  /// The interval at which appenders look for turns; a process waits for as long before it takes its turn.
  private static let interval = Duration.milliseconds(25)
  /// The longest time that a turn lasts, in milliseconds.
  private static let length: Timestamp = 1000

  private struct State {
    var looked: ContinuousClock.Instant?
    /// Logs on which another process has a turn.
    var held: Set<LogName> = []
    /// Logs on which this process has a turn.
    var mine: Set<[UInt8]> = []
  }

  // Held for a look or an entry, never while the server is asked.
  private let state = Locked(State())
  private let owner = Token.random(at: 0)

  /// Looks for turns, unless it has done so recently; returns the logs on which other processes have one.
  func look(_ session: MongoSession, _ clock: ServerClock) -> Set<LogName> {
    let now = ContinuousClock.now
    let isDue = state.withLock { state in
      guard state.looked.map({ now - $0 >= Self.interval }) ?? true else { return false }
      state.looked = now
      return true
    }
    guard isDue else { return state.withLock { $0.held } }
    var held: Set<LogName> = []
    do {
      for document in try Query.turns(after: clock.now(session)).run(session).documents.documents() {
        guard try document.get("owner").objectID() != owner.id else { continue }
        held.insert(try LogName(encoded: Array(document.get("_id").binary())))
      }
    } catch {
      // No log is held back on a guess; a process that needs the turn will still have it at the next look.
      held = []
    }
    return state.withLock { state in
      state.held = held
      return held
    }
  }

  /// Asks for a turn on a log and waits until the others know of it; does nothing while another process has
  /// one.
  func request(_ log: [UInt8], _ session: MongoSession, _ now: Timestamp) {
    guard state.withLock({ !$0.mine.contains(log) }) else { return }
    let result = session.updateOne(
      Collection.turns.rawValue,
      filter: ["_id": .binary(log), "until": ["$lte": .date(milliseconds: now)]],
      update: ["$set": ["owner": .objectID(owner.id), "until": .date(milliseconds: now + Self.length)]],
      upsert: true)
    // If refused, another process has the turn, and this process is held back too once it sees that.
    guard result.error == nil else { return }
    state.withLock { _ = $0.mine.insert(log) }
    SystemThread.block(Self.interval + .milliseconds(5))
  }

  /// Gives the turn back, if this process has one.
  func finish(_ log: [UInt8], _ session: MongoSession) {
    guard state.withLock({ $0.mine.remove(log) }) != nil else { return }
    // If this fails, the turn expires by itself.
    _ = session.bulk(
      Collection.turns.rawValue, [.deleteOne(filter: ["_id": .binary(log), "owner": .objectID(owner.id)])])
  }
}

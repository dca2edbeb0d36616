import Inbox
import Locks
import Mongo

/// Turns on logs that several processes append to. Whoever is nearer to the primary wins every race for the
/// next number; one that has lost a few asks for a turn, and the others append nothing to that log until it
/// has had it.
///
/// A turn is a document that the others look at while they append. It only speeds things up: the numbers stay
/// right without it, and one that its owner left behind runs out by itself.
final class Turns: Sendable {
  /// How many races are lost before a turn is asked for.
  static let racesBeforeTurn = 2

  /// How often appenders look whose turn it is, and thus how long one waits before it takes its turn.
  private static let interval = Duration.milliseconds(25)
  /// How long a turn lasts at most, in milliseconds.
  private static let length: Timestamp = 1000

  private struct State {
    var looked: ContinuousClock.Instant?
    /// Logs on which another process has a turn.
    var held: Set<LogName> = []
    /// Logs on which this process has one.
    var mine: Set<[UInt8]> = []
  }

  // Held for a look or an entry, never while the server is asked.
  private let state = Locked(State())
  private let owner = Token.random(at: 0)

  /// Looks whose turn it is, if it was not done lately; the logs on which it is another's.
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
      // Nobody is held back on a guess; whoever needs the turn will still have it after the next look.
      held = []
    }
    return state.withLock { state in
      state.held = held
      return held
    }
  }

  /// Asks for a turn on a log and waits until the others know; nothing happens while another has one.
  func request(_ log: [UInt8], _ session: MongoSession, _ now: Timestamp) {
    guard state.withLock({ !$0.mine.contains(log) }) else { return }
    let result = session.updateOne(
      Collection.turns.rawValue,
      filter: ["_id": .binary(log), "until": ["$lte": .date(milliseconds: now)]],
      update: ["$set": ["owner": .objectID(owner.id), "until": .date(milliseconds: now + Self.length)]],
      upsert: true)
    // Refused: another has the turn, and this log is held back here too once that is seen.
    guard result.error == nil else { return }
    state.withLock { _ = $0.mine.insert(log) }
    Thread.block(Self.interval + .milliseconds(5))
  }

  /// Gives the turn back, if there was one.
  func finish(_ log: [UInt8], _ session: MongoSession) {
    guard state.withLock({ $0.mine.remove(log) }) != nil else { return }
    // If this fails the turn runs out by itself.
    _ = session.bulk(
      Collection.turns.rawValue, [.deleteOne(filter: ["_id": .binary(log), "owner": .objectID(owner.id)])])
  }
}

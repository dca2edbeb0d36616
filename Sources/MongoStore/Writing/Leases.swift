import Inbox
import Locks
import Mongo
import Runtime

/// Leases of logs to which several processes append. The process nearest to the primary wins every race for
/// the next number. A process that has lost a few races takes a lease, and the others append nothing to
/// that log until it has given the lease back.
///
/// A lease is a document that the others look at while they append. It only speeds things up: the numbers are
/// correct without it, and a lease that its owner left behind expires by itself.
final class Leases: Sendable {
  /// The interval at which appenders look for leases; a process waits for as long before it relies on its own.
  private static let interval = Duration.milliseconds(25)
  /// The longest time that a lease lasts, in milliseconds.
  private static let length: Timestamp = 1000

  private struct State {
    var looked: ContinuousClock.Instant?
    /// Logs of which another process has a lease.
    var held: Set<LogName> = []
    /// Logs of which this process has a lease.
    var mine: Set<LogName> = []
  }

  // Held for a look or an entry, never while the server is asked.
  private let state = Locked(State())
  private let owner = Token.random(at: 0)

  /// Looks for leases, unless it has done so recently; returns the logs of which other processes have one.
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
      for document in try Query.leases(after: clock.now(session)).run(session).documents.documents() {
        guard try document.get("owner").objectID() != owner.id else { continue }
        held.insert(try document.get("_id").logName())
      }
    } catch {
      // No log is held back on a guess; a process that needs the lease will still have it at the next look.
      held = []
    }
    return state.withLock { state in
      state.held = held
      return held
    }
  }

  /// Takes a lease of a log and waits until the others know of it; does nothing while another process has
  /// one.
  func request(_ log: LogName, _ session: MongoSession, _ now: Timestamp) {
    guard state.withLock({ !$0.mine.contains(log) }) else { return }
    let result = session.updateOne(
      Collection.leases.rawValue,
      filter: ["_id": .binary(log.encoded), "until": ["$lte": .date(milliseconds: now)]],
      update: ["$set": ["owner": .objectID(owner.id), "until": .date(milliseconds: now + Self.length)]],
      upsert: true)
    // If refused, another process has the lease, and this process is held back too once it sees that.
    guard result.error == nil else { return }
    state.withLock { _ = $0.mine.insert(log) }
    SystemThread.block(Self.interval + .milliseconds(5))
  }

  /// Gives the lease back, if this process has one.
  func finish(_ log: LogName, _ session: MongoSession) {
    guard state.withLock({ $0.mine.remove(log) }) != nil else { return }
    // If this fails, the lease expires by itself.
    _ = session.bulk(
      Collection.leases.rawValue,
      [.deleteOne(filter: ["_id": .binary(log.encoded), "owner": .objectID(owner.id)])])
  }
}

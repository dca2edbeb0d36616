import Inbox
import Locks
import Runtime

/// The clock of a store, as all its threads read it.
final class SteadyClock: Sendable {
  private let clock: WallClock
  // Held for one step of the value.
  private let time = Locked(SteadyTime())

  init(_ clock: @escaping WallClock) { self.clock = clock }

  /// The clock's reading, for new messages: a log keeps its times in order itself.
  func reading() -> Timestamp { clock() }

  /// The time for a read, which never goes back.
  func now() -> Timestamp { time.withLock { $0.advance(to: clock()) } }

  /// Takes in the time of a message that is about to be acknowledged.
  func note(_ message: Timestamp) { time.withLock { _ = $0.advance(to: message) } }
}

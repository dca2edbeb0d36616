import Inbox
import Locks
import Mongo
import Runtime

/// The server's clock: with it, hosts whose clocks differ give one log consistent times.
///
/// The server is asked every few seconds; in between, the time advances with this host's monotonic clock,
/// which is independent of the host's time setting.
final class ServerClock: Sendable {
  private struct Reading {
    var time: Timestamp
    var at: ContinuousClock.Instant
  }

  // Held for a look or an entry, never while the server is asked.
  private let reading = Locked<Reading?>(nil)
  // Held for one step of the value.
  private let time = Locked(SteadyTime())
  private let fixed: WallClock?
  private static let lifetime = Duration.seconds(10)

  /// `fixed` replaces the server's clock, for tests.
  init(fixed: WallClock? = nil) {
    self.fixed = fixed
  }

  /// The time for a read, which never goes back, if no server has to be asked.
  func known() -> Timestamp? { reading(at: .now).map(steady) }

  /// The time for a read, which never goes back.
  func steadyNow(_ session: MongoSession) throws(MongoError) -> Timestamp { steady(try now(session)) }

  private func steady(_ now: Timestamp) -> Timestamp { time.withLock { $0.advance(to: now) } }

  /// Takes in the times of messages that are about to be acknowledged.
  func note(_ results: [Result<[Receipt], StoreError>]) {
    var latest = Timestamp.min
    for case .success(let receipts) in results {
      for receipt in receipts { latest = max(latest, receipt.time) }
    }
    note(latest)
  }

  /// Takes in the time of a message that is about to be acknowledged.
  func note(_ message: Timestamp) { _ = steady(message) }

  private func reading(at now: ContinuousClock.Instant) -> Timestamp? {
    if let fixed { return fixed() }
    guard let reading = reading.withLock({ $0 }), now - reading.at < Self.lifetime else { return nil }
    return reading.time + (now - reading.at).milliseconds
  }

  /// The time for new messages: a log keeps its times in order itself.
  func now(_ session: MongoSession) throws(MongoError) -> Timestamp {
    let now = ContinuousClock.now
    if let known = reading(at: now) { return known }
    let hello = try session.hello()
    let answered = ContinuousClock.now
    // The host's own time is better than no append: the time of the log's last message still bounds it from
    // below.
    let time = Self.time(in: hello) ?? systemTime()
    // A moment between the question and the answer; the middle is the best guess.
    let reading = Reading(time: time, at: now + (answered - now) / 2)
    self.reading.withLock { $0 = reading }
    return reading.time + (answered - reading.at).milliseconds
  }

  /// The time in an answer to `hello`: between 1970 and the end of the year 9999; nil for any other value.
  static func time(in hello: BSONDocument) -> Timestamp? {
    do {
      let time = try hello.get("localTime").milliseconds()
      return (0...253_402_300_799_999).contains(time) ? time : nil
    } catch {
      return nil
    }
  }

  /// Forgets the server's time: there may be another primary, with another clock.
  func forget() {
    reading.withLock { $0 = nil }
  }
}

extension Duration {
  /// The duration in whole milliseconds.
  var milliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}

import LibC

/// The pauses between attempts at something that others may hold: each about twice as long as the one before,
/// of random length, and bounded in total.
public struct Backoff: Sendable {
  /// The mean lengths of the first pause and of the longest.
  public struct Pauses: Sendable {
    let first: Duration
    let longest: Duration

    /// For what another process of this machine holds for microseconds.
    public static let local = Pauses(first: .microseconds(50), longest: .milliseconds(2))
    /// For what others reach through a server, within milliseconds.
    public static let remote = Pauses(first: .milliseconds(1), longest: .milliseconds(25))
  }

  private let pauses: Pauses
  private let end: ContinuousClock.Instant
  private var length: Duration

  /// Begins the time for the attempts: this long, from now on.
  public init(_ limit: Duration, _ pauses: Pauses, now: ContinuousClock.Instant = .now) {
    self.pauses = pauses
    end = now + limit
    length = pauses.first
  }

  /// Returns the length of the next pause, which ends with the time for the attempts at the latest; nil once
  /// that is over. `random`, at least 0 and less than 1, selects from half to one and a half times the mean:
  /// two that wait don't collide again and again.
  mutating func next(at now: ContinuousClock.Instant, random: Double) -> Duration? {
    defer { length = min(length * 2, pauses.longest) }
    return pause(of: length, at: now, random: random)
  }

  private func pause(of length: Duration, at now: ContinuousClock.Instant, random: Double) -> Duration? {
    guard now < end else { return nil }
    return min(length * (0.5 + random), end - now)
  }

  /// Whether the time for the attempts is over.
  public var isOver: Bool { ContinuousClock.now >= end }

  /// Blocks this thread for the next pause; returns false if the time is over.
  public mutating func pause() -> Bool {
    Self.block(next(at: .now, random: .random(in: 0..<1)))
  }

  /// Blocks this thread for as short a time as at first, for an attempt with which nobody else competes;
  /// returns false if the time is over.
  public func pauseBriefly() -> Bool {
    Self.block(pause(of: pauses.first, at: .now, random: .random(in: 0..<1)))
  }

  private static func block(_ pause: Duration?) -> Bool {
    guard let pause else { return false }
    SystemThread.block(pause)
    return true
  }
}

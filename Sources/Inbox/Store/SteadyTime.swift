/// The time as one process tells it: never before a time that it told or acknowledged earlier, even if its clock is
/// set back.
public struct SteadyTime: Sendable {
  /// The latest time so far.
  public private(set) var latest = Timestamp.min

  /// A time that no clock and no message has advanced yet.
  public init() {}

  /// Takes in a reading of the clock, or the time of a message that is about to be acknowledged; returns the
  /// time to tell.
  @discardableResult
  public mutating func advance(to time: Timestamp) -> Timestamp {
    latest = max(latest, time)
    return latest
  }
}

/// What the server is doing and has done, as a picture at one moment.
public struct ServerStatus: Sendable {
  /// One method's record since the start.
  public struct Method: Sendable {
    /// The method's name.
    public let name: String
    /// Requests and notifications answered or refused.
    public let requests: UInt64
    /// Those of them that ended with an error.
    public let errors: UInt64
    /// The median duration from arrival to answer, in microseconds; right within 6%.
    public let p50Microseconds: Double
    /// The duration that 99 of 100 did not exceed, in microseconds; right within 6%.
    public let p99Microseconds: Double
  }

  /// Requests accepted and not answered, those that wait left out.
  public let inFlight: Int
  /// Requests that wait for something to happen.
  public let waiting: Int
  /// Bytes of answers that the host has not taken.
  public let outputBytes: Int
  /// Milliseconds since the server was made.
  public let uptimeMilliseconds: Int64
  /// The limits it runs under.
  public let limits: Limits
  /// The service's methods in its order, those never called left out.
  public let methods: [Method]
}

/// The record of one method, as it is kept.
struct MethodRecord: Sendable {
  var requests: UInt64 = 0
  var errors: UInt64 = 0
  var durations = Histogram()

  mutating func record(nanoseconds: UInt64, failed: Bool) {
    requests += 1
    if failed { errors += 1 }
    durations.record(nanoseconds: nanoseconds)
  }

  /// A request that was refused before it ran says nothing of how long the method takes.
  mutating func recordRefusal() {
    requests += 1
    errors += 1
  }
}

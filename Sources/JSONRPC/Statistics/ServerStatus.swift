/// The state and the statistics of the server at one moment.
public struct ServerStatus: Sendable {
  /// The statistics of one method since the start.
  public struct Method: Sendable {
    /// The method's name.
    public let name: String
    /// Requests and notifications answered or refused.
    public let requests: UInt64
    /// The number of those requests and notifications that ended with an error.
    public let errors: UInt64
    /// The median duration from arrival to answer, in microseconds; right within 6%.
    public let p50Microseconds: Double
    /// The duration that 99 of 100 calls did not exceed, in microseconds; right within 6%.
    public let p99Microseconds: Double
  }

  /// The number of requests accepted and not answered, except those that wait.
  public let inFlight: Int
  /// The number of requests that wait for something to happen.
  public let waiting: Int
  /// The number of bytes of answers that the host has not taken.
  public let outputBytes: Int
  /// The time since the server was created, in milliseconds.
  public let uptimeMilliseconds: Int64
  /// The limits of the connection.
  public let limits: Limits
  /// The service's methods in its order, except those that were never called.
  public let methods: [Method]
}

/// The statistics of one method, as they are collected.
struct MethodRecord: Sendable {
  var requests: UInt64 = 0
  var errors: UInt64 = 0
  var durations = Histogram()

  mutating func record(nanoseconds: UInt64, failed: Bool) {
    requests += 1
    if failed { errors += 1 }
    durations.record(nanoseconds: nanoseconds)
  }

  /// Counts a request that was refused before it ran, and that tells nothing about the method's duration.
  mutating func recordRefusal() {
    requests += 1
    errors += 1
  }
}

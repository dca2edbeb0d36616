import LibC

/// A clock that tells the time for new messages, in milliseconds since 1970-01-01T00:00:00Z; tests give their own.
public typealias WallClock = @Sendable () -> Int64

/// The system's time, in milliseconds since 1970-01-01T00:00:00Z.
public func systemTime() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A clock that tells the time for new messages; tests give their own.
public typealias WallClock = @Sendable () -> Timestamp

/// The system's time.
public func systemTime() -> Timestamp {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Timestamp(time.tv_sec) * 1000 + Timestamp(time.tv_nsec) / 1_000_000
}

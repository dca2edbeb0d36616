#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The current thread: one of the pool's, which may block.
enum Thread {
  /// Blocks for about this long.
  static func block(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    // A signal may end the pause early: the caller looks again anyway.
    nanosleep(&time, nil)
  }
}

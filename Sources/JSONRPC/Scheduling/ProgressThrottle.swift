/// A filter for progress reports: it admits growing ones, at most ten a second.
struct ProgressThrottle: Sendable {
  private var lastDone = -1
  private var nextAt: UInt64 = 0

  private static let interval: UInt64 = 100_000_000

  mutating func admits(done: Int, at nanoseconds: UInt64) -> Bool {
    guard done > lastDone, nanoseconds >= nextAt else { return false }
    lastDone = done
    nextAt = nanoseconds + Self.interval
    return true
  }
}

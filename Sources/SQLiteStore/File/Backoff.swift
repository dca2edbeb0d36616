#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Pauses between two tries at what another process holds: longer each time, never of the same length, and
/// bounded in all. Blocks its thread.
struct Backoff {
  private let deadline: ContinuousClock.Instant
  private var microseconds: UInt32 = 50

  init(_ patience: Duration) {
    deadline = .now + patience
  }

  /// Waits a little; false if the time is up.
  mutating func pause() -> Bool {
    guard pause(microseconds) else { return false }
    microseconds = min(microseconds * 2, 2000)
    return true
  }

  /// Waits as little as at first, for who is next and alone in trying; false if the time is up.
  func pauseBriefly() -> Bool { pause(100) }

  private func pause(_ microseconds: UInt32) -> Bool {
    guard ContinuousClock.now < deadline else { return false }
    // Half to one and a half times the length: two that wait don't meet again and again.
    usleep(microseconds / 2 + .random(in: 0...microseconds))
    return true
  }
}

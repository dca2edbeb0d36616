#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Pauses between attempts to take something that another process holds: longer each time, of random length,
/// and bounded in total. Blocks its thread.
struct Backoff {
  private let deadline: ContinuousClock.Instant
  private var microseconds: UInt32 = 50

  init(_ patience: Duration) {
    deadline = .now + patience
  }

  /// Pauses; false if the time is up.
  mutating func pause() -> Bool {
    guard pause(microseconds) else { return false }
    microseconds = min(microseconds * 2, 2000)
    return true
  }

  /// Pauses for as short a time as at first, for a process that is next and tries alone; false if the time is
  /// up.
  func pauseBriefly() -> Bool { pause(100) }

  private func pause(_ microseconds: UInt32) -> Bool {
    guard ContinuousClock.now < deadline else { return false }
    // Half to one and a half times the length: two waiting processes don't collide again and again.
    usleep(microseconds / 2 + .random(in: 0...microseconds))
    return true
  }
}

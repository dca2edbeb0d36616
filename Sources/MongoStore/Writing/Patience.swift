/// The time that a piece of work may take, and the pauses between its attempts.
struct Patience {
  private let end: ContinuousClock.Instant
  private var attempts = 0

  init(_ limit: Duration) {
    end = .now + limit
  }

  var isOver: Bool { ContinuousClock.now >= end }

  /// Blocks this thread for a random time, longer with every attempt: writers that collide repeatedly would
  /// otherwise stay in step. Returns false once the time is over.
  mutating func pause() -> Bool {
    let left = end - .now
    guard left > .zero else { return false }
    attempts += 1
    let longest = min(1 << min(attempts, 6), 50)
    Thread.block(min(.milliseconds(Int.random(in: 1...longest)), left))
    return true
  }
}

import Testing

@testable import Runtime

@Suite("Backoff")
struct BackoffTests {
  private let start = ContinuousClock.now

  /// The mean pauses in microseconds, while the clock stands still.
  private func means(_ pauses: Backoff.Pauses, _ count: Int) -> [Duration?] {
    var backoff = Backoff(.seconds(1), pauses, now: start)
    return (0..<count).map { _ in backoff.next(at: start, random: 0.5) }
  }

  @Test("each pause is twice as long as the one before, up to the longest")
  func growth() {
    #expect(means(.local, 8) == [50, 100, 200, 400, 800, 1600, 2000, 2000].map { .microseconds($0) })
    #expect(means(.remote, 7) == [1, 2, 4, 8, 16, 25, 25].map { .milliseconds($0) })
  }

  @Test(
    "a pause is half to one and a half times as long",
    arguments: [(0.0, 500), (0.25, 750), (0.5, 1000), (0.75, 1250)])
  func randomness(random: Double, microseconds: Int) {
    var backoff = Backoff(.seconds(1), .remote, now: start)
    #expect(backoff.next(at: start, random: random) == .microseconds(microseconds))
  }

  @Test("no pause ends after the time for the attempts, and none begins then")
  func end() {
    var backoff = Backoff(.milliseconds(10), .remote, now: start)
    #expect(backoff.next(at: start + .microseconds(9999), random: 0.5) == .microseconds(1))
    #expect(backoff.next(at: start + .milliseconds(9), random: 0.5) == .milliseconds(1))
    #expect(backoff.next(at: start + .milliseconds(10), random: 0.5) == nil)
    #expect(backoff.next(at: start + .seconds(1), random: 0) == nil)
  }

  @Test("without time there is no pause") func none() {
    var backoff = Backoff(.zero, .local, now: start)
    #expect(backoff.next(at: start, random: 0.5) == nil)
    #expect(backoff.isOver && !backoff.pause() && !backoff.pauseBriefly())
  }
}

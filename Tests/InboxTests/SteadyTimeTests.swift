import Inbox
import Testing

@Suite struct SteadyTimeTests {
  @Test func itNeverGoesBack() {
    var time = SteadyTime()
    var told: [Timestamp] = []
    for reading in [-5, 3, 2, 3, 10, -100, 11, .max, 0] as [Timestamp] {
      told.append(time.advance(to: reading))
    }
    #expect(told == [-5, 3, 3, 3, 10, 10, 11, .max, .max])
    #expect(time.latest == .max)
  }
}

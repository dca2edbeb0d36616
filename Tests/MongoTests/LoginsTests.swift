import Testing

@testable import Mongo

@Suite("Logins")
struct LoginsTests {
  @Test("a lost login is renewed once for all threads, and not more than once a second")
  func renewal() {
    let start = ContinuousClock.now
    var logins = Logins()
    #expect(logins.number == 0)
    logins.lost(0, at: start)
    #expect(logins.number == 1)
    // Calls that had the same login are told later.
    for _ in 0..<5 { logins.lost(0, at: start + .milliseconds(5)) }
    #expect(logins.number == 1)
    // A user who has no rights on any connection.
    logins.lost(1, at: start + .milliseconds(900))
    #expect(logins.number == 1)
    logins.lost(1, at: start + .seconds(1))
    #expect(logins.number == 2)
  }
}

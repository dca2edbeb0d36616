/// The login of a pool's connections: a value without threads.
///
/// A server forgets the user of a connection when that user is dropped, even if the same user is made anew. A
/// thread that meets this asks for new connections on all threads, but at most once a second: a user may
/// simply have no rights.
struct Logins: Sendable {
  /// The number of the present login: clients of an earlier one are to be discarded.
  private(set) var number = 0
  private var renewed: ContinuousClock.Instant?

  /// Notes that the server did not take a client of this login for the user's.
  mutating func lost(_ login: Int, at now: ContinuousClock.Instant) {
    guard login == number, renewed.map({ now - $0 >= .seconds(1) }) ?? true else { return }
    number += 1
    renewed = now
  }
}

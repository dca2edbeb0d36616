/// Which login the connections of a pool stand for: a value without threads.
///
/// Servers forget who a connection belongs to when its user is dropped, even if the same is made anew. Whoever
/// meets that asks for new connections, on all threads, but not again and again: a user may simply have no
/// rights.
struct Logins {
  /// The number of the present one: clients of an earlier one are to be discarded.
  private(set) var number = 0
  /// How many clients were discarded.
  var discarded = 0
  private var renewed: ContinuousClock.Instant?

  /// A client of this login was not taken for the user's.
  mutating func lost(_ login: Int, at now: ContinuousClock.Instant) {
    guard login == number, renewed.map({ now - $0 >= .seconds(1) }) ?? true else { return }
    number += 1
    renewed = now
  }
}

/// A user of a pool's clients beside the pool's workers, with a thread of its own.
protocol PoolMember: AnyObject, Sendable {
  /// The body of the member's thread. It returns soon after `close`.
  func run(in pool: PoolCore)
  /// Notes whether there is a primary. Must not block: the pool's lock may be held.
  func availabilityChanged(_ isAvailable: Bool)
  /// Notes that there is a primary, maybe another one than before. Must not block, nor ask libmongoc for anything.
  func primaryChanged(in pool: PoolCore)
  /// Ends the member with an error.
  func fail(_ error: MongoError)
  /// Ends the member.
  func close()
}

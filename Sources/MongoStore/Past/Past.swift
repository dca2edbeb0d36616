/// A process's memory of one past of the logs. After a drop or a restore there is another past, of which
/// nothing is known: work that still uses the old one fills a past that is no longer read.
final class Past: Sendable {
  /// The number of the past, unique in this process.
  let number: Int
  let heads = Heads()
  let sent = SentCache()

  init(_ number: Int) { self.number = number }
}

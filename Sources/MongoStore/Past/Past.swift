import Caches
import Inbox

/// A process's memory of one past of the logs. After a drop or a restore there is another past, of which
/// nothing is known: work that still uses the old one fills a past that is no longer read.
final class Past: Sendable {
  /// The number of the past, unique in this process.
  let number: Int
  let heads = Heads()
  /// What readers sent, as a majority has it: some tens of thousands of readers' logs, in 16 MiB.
  let sent = MatchIndex(capacity: 1 << 20)

  init(_ number: Int) { self.number = number }

  /// What a reader sent to a log.
  func key(_ user: Text, _ log: LogName) -> MatchIndex.Key { .init(log, .sender(user), past: number) }
}

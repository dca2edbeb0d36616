import Locks
import Synchronization

/// The election that the present primary comes from, and whether the primary's reads are known to be up to
/// date.
///
/// A new primary has every write that a majority confirmed, but it does not know that a majority has it until
/// a first write of its own is confirmed. Until then its majority reads may be older than the writes that its
/// predecessor acknowledged. Waiting for that once for each election is enough.
final class Elections: Sendable {
  /// The number of elections heard of. It is raised before libmongoc sends anything to the new primary: if
  /// the number is the same before and after a read, no unknown primary has answered that read.
  private let heard = Atomic(0)
  /// The last election whose primary has shown that its reads are up to date.
  private let confirmed = Atomic(0)
  // Held to compare two short texts.
  private let primary = Locked<String?>(nil)

  /// The number of the last election; 0 if there are none, on a standalone server or behind a router.
  var last: Int { heard.load(ordering: .acquiring) }

  func isConfirmed(_ election: Int) -> Bool { confirmed.load(ordering: .acquiring) >= election }

  func confirm(_ election: Int) {
    confirmed.max(election, ordering: .acquiringAndReleasing)
  }

  /// Notes that there is a primary; `election` identifies its election.
  func met(_ election: String) {
    primary.withLock { primary in
      guard primary != election else { return }
      primary = election
      heard.add(1, ordering: .acquiringAndReleasing)
    }
  }
}

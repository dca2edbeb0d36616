import Locks
import Synchronization

/// Which election the primary stands for, and whether its reads are known to be up to date.
///
/// A new primary has every write that a majority confirmed, but it does not know that a majority has it
/// before a first write of its own is confirmed: until then its majority reads may be older than what its
/// predecessor acknowledged. Waiting for that once for each election is enough.
final class Elections: Sendable {
  /// How many elections were heard of. It is raised before libmongoc sends anything to the new primary, so a
  /// read with the same number before and after it was not answered by an unknown primary.
  private let heard = Atomic(0)
  /// The last of them whose primary has shown that its reads are up to date.
  private let confirmed = Atomic(0)
  // Held to compare two short texts.
  private let primary = Locked<String?>(nil)

  /// The number of the last election; 0 where there are none: a standalone server, a router.
  var last: Int { heard.load(ordering: .acquiring) }

  func isConfirmed(_ election: Int) -> Bool { confirmed.load(ordering: .acquiring) >= election }

  func confirm(_ election: Int) {
    confirmed.max(election, ordering: .acquiringAndReleasing)
  }

  /// There is a primary; `election` tells its election from all others.
  func met(_ election: String) {
    primary.withLock { primary in
      guard primary != election else { return }
      primary = election
      heard.add(1, ordering: .acquiringAndReleasing)
    }
  }
}

import Inbox
import Locks

/// Remembers what readers sent to logs. A log only grows, so what a majority had up to a number stays true:
/// the state of an inbox needs no look at older messages again.
final class SentCache: Sendable {
  /// Which numbers after `after` through `through` a reader sent.
  struct Known {
    var after: Int
    var through: Int
    var numbers: SequenceSet
  }

  private struct Key: Hashable {
    var log: LogName
    var user: Text
  }

  private struct Entries {
    var known: [Key: Known] = [:]
    var size = 0
  }

  // Held for a look or an entry, never while a server is asked.
  private let entries = Locked(Entries())
  private let capacity: Int

  /// A cache of at most `capacity` ranges, about 100 bytes each.
  init(capacity: Int = 131_072) {
    self.capacity = capacity
  }

  /// What is known above `folded`: up to `folded` itself if nothing is.
  func known(_ user: Text, _ log: LogName, after folded: Int) -> Known {
    let found = entries.withLock { $0.known[Key(log: log, user: user)] }
    guard let found, found.after <= folded, found.through > folded else {
      return Known(after: folded, through: folded, numbers: SequenceSet())
    }
    return Known(after: folded, through: found.through, numbers: found.numbers.above(folded))
  }

  func remember(_ known: Known, _ user: Text, _ log: LogName) {
    let key = Key(log: log, user: user)
    entries.withLock { entries in
      // A view of earlier must not undo one of later.
      guard known.through >= entries.known[key]?.through ?? 0 else { return }
      entries.size += known.numbers.spanCount + 1
      entries.size -= entries.known[key].map { $0.numbers.spanCount + 1 } ?? 0
      entries.known[key] = known
      // Rarely full, and filled again by one short command each.
      if entries.size > capacity { entries = Entries() }
    }
  }
}

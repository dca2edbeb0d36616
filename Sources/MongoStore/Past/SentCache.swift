import Inbox
import Locks

/// A cache of the numbers that readers sent to logs. A log only grows, so what a majority had up to a number
/// stays true: the state of an inbox needs no second look at older messages.
final class SentCache: Sendable {
  /// The numbers after `after` through `through` that a reader sent.
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

  /// Creates a cache of at most `capacity` ranges, about 100 bytes each.
  init(capacity: Int = 131_072) {
    self.capacity = capacity
  }

  /// The known numbers above `folded`; they reach only to `folded` itself if none are known.
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
      // An earlier view must not replace a later one.
      guard known.through >= entries.known[key]?.through ?? 0 else { return }
      entries.size += known.numbers.spanCount + 1
      entries.size -= entries.known[key].map { $0.numbers.spanCount + 1 } ?? 0
      entries.known[key] = known
      // The cache is rarely full, and one short command for each entry fills it again.
      if entries.size > capacity { entries = Entries() }
    }
  }
}

import Inbox
import Locks

/// A cache of the last numbers of logs to which this process appended, so that a series of appends needs no
/// read first.
///
/// With other processes it is only a guess: the index refuses a number that is taken, and an entry is removed
/// with the first error. Entries do not live long: a log may have been restored to an earlier state, and a
/// number far above its last one would leave a gap that no index refuses.
final class HeadCache: Sendable {
  // Held for a look or an entry.
  private let heads = Locked<[[UInt8]: Entry]>([:])
  private let capacity: Int
  private let lifetime: Duration

  private struct Entry {
    var head: AppendPlan.Head
    var end: ContinuousClock.Instant
  }

  init(capacity: Int = 65_536, lifetime: Duration = .milliseconds(500)) {
    self.capacity = capacity
    self.lifetime = lifetime
  }

  func head(of log: [UInt8]) -> AppendPlan.Head? {
    let now = ContinuousClock.now
    return heads.withLock { heads in heads[log].flatMap { $0.end > now ? $0.head : nil } }
  }

  /// Remembers numbers, of which the last is known to have been reached `at` this moment.
  func remember(_ new: [[UInt8]: AppendPlan.Head], at moment: ContinuousClock.Instant) {
    let end = moment + lifetime
    heads.withLock { heads in
      // The cache is rarely full, and cheaply filled again.
      if heads.count + new.count > capacity { heads = [:] }
      if new.count <= capacity { heads.merge(new.mapValues { Entry(head: $0, end: end) }) { $1 } }
    }
  }

  func forget(_ logs: some Sequence<[UInt8]>) {
    heads.withLock { heads in
      for log in logs { heads[log] = nil }
    }
  }
}

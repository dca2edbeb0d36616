import Inbox
import Locks

/// What is remembered of the ends of logs.
///
/// A log only grows, so a number that it has reached stays true: readers look for its newest messages from there
/// on. The last message is only a guess, behind which writers append without a read first: the index refuses a
/// number that is taken, and the guess is forgotten with the first error. It does not live long: a log may have
/// been restored to an earlier state, and a number far above its last one would leave a gap that no index refuses.
final class Heads: Sendable {
  private struct Entry {
    var reached = 0
    var last: (head: Head, end: ContinuousClock.Instant)?
  }

  // Held for a look or an entry.
  private let entries = Locked<[LogName: Entry]>([:])
  private let capacity: Int
  private let lifetime: Duration

  init(capacity: Int = 131_072, lifetime: Duration = .milliseconds(500)) {
    self.capacity = capacity
    self.lifetime = lifetime
  }

  /// The number that a log is known to have reached.
  func reached(_ log: LogName) -> Int? { entries.withLock { $0[log]?.reached } }

  /// The last message of a log, as long as it may be relied on.
  func last(of log: LogName) -> Head? {
    let now = ContinuousClock.now
    return entries.withLock { entries in
      entries[log]?.last.flatMap { $0.end > now ? $0.head : nil }
    }
  }

  /// Remembers that a majority has a log up to this number.
  func remember(_ seq: Int, reachedBy log: LogName) {
    change(log) { $0.reached = max($0.reached, seq) }
  }

  /// Remembers the last messages of logs, which are known to have been the last `at` this moment.
  func remember(_ heads: [LogName: Head], at moment: ContinuousClock.Instant) {
    for (log, head) in heads {
      change(log) { $0 = Entry(reached: max($0.reached, head.seq), last: (head, moment + lifetime)) }
    }
  }

  private func change(_ log: LogName, _ body: (inout Entry) -> Void) {
    entries.withLock { entries in
      // Rarely full, and one short command for many logs fills it again.
      if entries.count >= capacity { entries = [:] }
      body(&entries[log, default: Entry()])
    }
  }

  /// Forgets the last messages of logs.
  func forgetLast(of logs: some Sequence<LogName>) {
    entries.withLock { entries in
      for log in logs { entries[log]?.last = nil }
    }
  }

  /// Forgets a log.
  func forget(_ log: LogName) { entries.withLock { $0[log] = nil } }
}

import Inbox

/// What a process knows of the commits to its file, and so what is news when it looks again. A value: the threads
/// around it share it behind a lock, and read the count of commits while they hold that.
struct CommitNews: Sendable {
  /// The last commit of which everybody has been told; nil if that is not known.
  private var known: UInt32?
  /// Commits of this process after that one: of these it has told already.
  private var own: Set<UInt32> = []
  /// The newest commit, if its entry was not there when it was looked for.
  private var late: Late?

  private struct Late: Sendable {
    /// Nil while the header that counts the commits could not be read.
    var commit: UInt32?
    var deadline: ContinuousClock.Instant
  }

  /// The time for which an entry may be missing, though its commit is to be seen. Whoever is not killed takes
  /// microseconds.
  static let patience = Duration.milliseconds(20)

  /// Begins after this commit; nil if what was committed is not known, which is news at the next look.
  init(after commit: UInt32? = nil) { known = commit }

  /// What a look has found.
  struct Look: Hashable {
    var wake: Wake?
    /// When to look again, if something is late.
    var again: ContinuousClock.Instant?
    /// Whether the count of commits began anew, so that entries in the ring may be of others with the same numbers.
    var isRestart = false
  }

  /// Notes a commit that this process made and has told of.
  mutating func add(own commit: UInt32) {
    guard let known, Self.distance(from: known, to: commit) > 0 else { return }
    // So many wait for a look only where it will find too much in any case.
    if own.count >= CommitRing.length { own = [] }
    own.insert(commit)
    skipOwn(after: known)
  }

  /// Looks at what was committed up to `newest`, the present count; nil while somebody is writing it. `read` returns
  /// words of the ring (see `CommitRing.entry`).
  mutating func look(
    at newest: UInt32?, now: ContinuousClock.Instant, _ read: (_ offset: Int, _ words: Int) -> [UInt64]
  ) -> Look {
    guard let newest else {
      // Whoever writes the header takes nanoseconds, or was killed.
      if let again = wait(for: nil, now) { return Look(again: again) }
      defer { known = nil }
      return Look(wake: known == nil ? nil : .everything)
    }
    guard let known else { return everything(through: newest) }
    let count = Self.distance(from: known, to: newest)
    guard count >= 0 else { return everything(through: newest, isRestart: true) }
    guard count <= CommitRing.length else { return everything(through: newest) }
    var logs: Set<UInt64> = []
    for commit in (0..<UInt32(count)).map({ known &+ 1 &+ $0 }) {
      if own.remove(commit) == nil {
        switch CommitRing.entry(of: commit, read) {
        case .logs(let some): logs.formUnion(some)
        case .everything: return everything(through: newest)
        case nil:
          // They take turns, and tell before the next one's: only the newest can be late.
          guard commit == newest, let again = wait(for: commit, now) else {
            return everything(through: newest)
          }
          return Look(wake: Self.wake(logs), again: again)
        }
      }
      self.known = commit
    }
    late = nil
    return Look(wake: Self.wake(logs))
  }
}

extension CommitNews {
  /// Until when the commit's entry is waited for; nil if it was waited for long enough.
  private mutating func wait(for commit: UInt32?, _ now: ContinuousClock.Instant) -> ContinuousClock.Instant?
  {
    guard let late, late.commit == commit else {
      late = Late(commit: commit, deadline: now + Self.patience)
      return now + Self.patience
    }
    return now < late.deadline ? late.deadline : nil
  }

  private mutating func everything(through newest: UInt32, isRestart: Bool = false) -> Look {
    own = own.filter { Self.distance(from: newest, to: $0) > 0 }
    late = nil
    skipOwn(after: newest)
    return Look(wake: .everything, isRestart: isRestart)
  }

  /// Goes on after `commit`, and after what this process committed next to it.
  private mutating func skipOwn(after commit: UInt32) {
    var last = commit
    while own.remove(last &+ 1) != nil { last &+= 1 }
    known = last
  }

  private static func wake(_ logs: Set<UInt64>) -> Wake? { logs.isEmpty ? nil : .logs(Array(logs)) }

  /// How far the count has gone; it begins again after its largest number.
  private static func distance(from first: UInt32, to second: UInt32) -> Int32 {
    Int32(bitPattern: second &- first)
  }
}

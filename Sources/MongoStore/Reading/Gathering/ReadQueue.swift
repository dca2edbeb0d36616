import DequeModule

/// Decides which reads go into one command: a value without threads. While some groups are on their way, what
/// comes meanwhile waits, and goes with the next one in equal shares.
///
/// Most of what a short read costs is the command around it, so reads that are in flight at once are cheaper
/// together; one that is alone waits for nobody.
struct ReadQueue<Ask> {
  /// How many groups are on their way at most, and how many reads one has.
  static var groupsTogether: Int { 4 }
  static var asksTogether: Int { 32 }

  private var waiting: Deque<Ask> = []
  private var groups = 0
  private var asked = 0

  mutating func add(_ ask: Ask) { waiting.append(ask) }

  /// The next group that may be sent now; nil if there is none.
  mutating func take() -> [Ask]? {
    guard !waiting.isEmpty, groups < Self.groupsTogether else { return nil }
    let share = (waiting.count + asked + Self.groupsTogether - 1) / Self.groupsTogether
    let group = Array(waiting.prefix(min(share, Self.asksTogether)))
    waiting.removeFirst(group.count)
    groups += 1
    asked += group.count
    return group
  }

  /// A group of so many reads has its answer.
  mutating func done(_ count: Int) {
    groups -= 1
    asked -= count
  }
}

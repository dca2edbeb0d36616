import DequeModule

/// Decides which reads go into one command: a value without threads. While some groups are on their way, what
/// comes meanwhile waits, and goes with the next one in equal shares.
///
/// Most of what a short read costs is the command around it, so reads that are in flight at once are cheaper
/// together; one that is alone waits for nobody.
struct ReadQueue<Read> {
  /// How many groups are on their way at most, and how many reads one has.
  static var groupsTogether: Int { 4 }
  static var readsTogether: Int { 32 }

  private var waiting: Deque<Read> = []
  private var groups = 0
  private var inFlight = 0

  mutating func add(_ read: Read) { waiting.append(read) }

  /// The next group that may be sent now; nil if there is none.
  mutating func take() -> [Read]? {
    guard !waiting.isEmpty, groups < Self.groupsTogether else { return nil }
    let share = (waiting.count + inFlight + Self.groupsTogether - 1) / Self.groupsTogether
    let group = Array(waiting.prefix(min(share, Self.readsTogether)))
    waiting.removeFirst(group.count)
    groups += 1
    inFlight += group.count
    return group
  }

  /// A group of so many reads has its answer.
  mutating func done(_ count: Int) {
    groups -= 1
    inFlight -= count
  }
}

extension ReadQueue: Sendable where Read: Sendable {}

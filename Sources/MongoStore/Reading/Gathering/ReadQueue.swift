import DequeModule

/// Decides which reads go into one command: a value without threads. While some groups are in flight, new
/// reads wait and go into the next groups in equal shares.
///
/// Most of the cost of a short read is the command around it, so concurrent reads are cheaper together; a
/// single read waits for no other.
struct ReadQueue<Read> {
  /// The most groups in flight, and the most reads in a group.
  static var groupsTogether: Int { 4 }
  static var readsTogether: Int { 32 }

  private var waiting: Deque<Read> = []
  private var groups = 0
  private var inFlight = 0

  mutating func add(_ read: Read) { waiting.append(read) }

  /// Takes the next group that may be sent now; nil if there is none.
  mutating func take() -> [Read]? {
    guard !waiting.isEmpty, groups < Self.groupsTogether else { return nil }
    let share = (waiting.count + inFlight + Self.groupsTogether - 1) / Self.groupsTogether
    let group = Array(waiting.prefix(min(share, Self.readsTogether)))
    waiting.removeFirst(group.count)
    groups += 1
    inFlight += group.count
    return group
  }

  /// Notes that a group of this many reads has its answer.
  mutating func done(_ count: Int) {
    groups -= 1
    inFlight -= count
  }
}

extension ReadQueue: Sendable where Read: Sendable {}

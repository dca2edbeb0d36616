import DequeModule
import Inbox

/// Decides what is written when: a value without threads.
///
/// Work that touches the same log or inbox takes effect in the order of arrival. Work that need not wait for
/// earlier work is taken together with others of its kind, as one group. A log has at most one group of
/// appends in flight, so that the next number is never a guess.
///
/// A thread is called as soon as work may run, and takes its group when it arrives: work added meanwhile goes
/// with it.
struct WriteQueue {
  /// Work that is carried out together.
  struct Group: Sendable {
    var id: Int
    var work: [Work]
  }

  /// The most groups of each kind that run at once, the most work in a group, and the approximate most bytes.
  static let groupsTogether = 4
  static let workTogether = 1000
  static let bytesTogether = 8 << 20

  /// A thread that was called to take a group.
  struct Summons: Hashable, Sendable {
    /// The number of the last work that the thread was called for.
    fileprivate var last: Int
  }

  private struct Entry {
    var number: Int
    var work: Work
  }

  /// Work of one kind.
  private struct Lane {
    /// Work that nothing stands in the way of, in order within each log and inbox.
    var ready: Deque<Entry> = []
    var touched = Touched()
    /// The groups that run.
    var running: [Int: [Work]] = [:]

    var hasRoom: Bool { running.count < WriteQueue.groupsTogether }
  }

  private var lanes = Work.Kind.allCases.map { _ in Lane() }
  private var inUse = Touched()
  /// Work that has to wait for earlier work, in order.
  private var blocked: Deque<Entry> = []
  private var behind = Touched()
  private var lastNumber = 0
  private var lastID = 0
  private var isCalling = false
  private(set) var isClosed = false

  /// Logs of which other processes have a lease: nothing is appended to them for now.
  var heldBack: Set<LogName> = [] {
    didSet { if heldBack != oldValue { admitAgain() } }
  }

  /// Adds work; false if the queue is closed.
  mutating func add(_ work: Work) -> Bool {
    guard !isClosed else { return false }
    lastNumber += 1
    admit(Entry(number: lastNumber, work: work))
    return true
  }

  /// Decides whether work has to wait: the only place where that is done. Work that is ready keeps others of its
  /// kind from nothing, since they are taken after it or with it.
  private mutating func admit(_ entry: Entry) {
    let work = entry.work
    let others = Work.Kind.allCases.contains {
      $0 != work.kind && lanes[$0.rawValue].touched.conflicts(with: work)
    }
    if others || inUse.conflicts(with: work) || behind.conflicts(with: work) || isHeldBack(work) {
      blocked.append(entry)
      behind.add(work)
    } else {
      lanes[work.kind.rawValue].ready.append(entry)
      lanes[work.kind.rawValue].touched.add(work)
    }
  }

  private func isHeldBack(_ work: Work) -> Bool {
    !heldBack.isEmpty && work.kind == .append && work.writes.contains(where: heldBack.contains)
  }

  /// Takes out all waiting work, in order.
  private mutating func takeWaiting() -> [Entry] {
    var waiting = Array(blocked)
    (blocked, behind) = ([], Touched())
    for index in lanes.indices {
      waiting += lanes[index].ready
      lanes[index].ready = []
      lanes[index].touched = Touched()
    }
    return waiting.sorted { $0.number < $1.number }
  }

  /// Decides again about all waiting work.
  private mutating func admitAgain() {
    for entry in takeWaiting() { admit(entry) }
  }

  /// Accepts no more work; waiting work is still done.
  mutating func close() { isClosed = true }

  /// Whether all work is done.
  var isIdle: Bool { blocked.isEmpty && lanes.allSatisfy { $0.ready.isEmpty && $0.running.isEmpty } }

  /// The kind that is next: of all that may run, that of the oldest work.
  private var next: Int? {
    lanes.indices.filter { lanes[$0].hasRoom && !lanes[$0].ready.isEmpty }
      .min { lanes[$0].ready[0].number < lanes[$1].ready[0].number }
  }

  /// Calls a thread; nil if nothing may run now, or if a thread is already called: it looks again when it
  /// arrives.
  mutating func call() -> Summons? {
    guard !isCalling, next != nil else { return nil }
    isCalling = true
    return Summons(last: lastNumber)
  }

  /// The group for a thread that was called; nil if nothing is left.
  mutating func take(_ summons: Summons) -> Group? {
    isCalling = false
    guard let kind = next else { return nil }
    var work: [Work] = []
    var size = 0
    while work.count < Self.workTogether, size < Self.bytesTogether, let entry = lanes[kind].ready.popFirst()
    {
      work.append(entry.work)
      size += entry.work.size
      inUse.add(entry.work)
    }
    lastID += 1
    lanes[kind].running[lastID] = work
    lanes[kind].touched = Touched()
    // What did not fit may now have to wait for the group.
    if !lanes[kind].ready.isEmpty { admitAgain() }
    return Group(id: lastID, work: work)
  }

  /// Gives up all work that a thread was called for, because none will come. Later work calls again, and
  /// waits as long as this work did.
  mutating func abandon(_ summons: Summons) -> [Work] {
    isCalling = false
    let waiting = takeWaiting()
    let given = waiting.prefix { $0.number <= summons.last }
    for entry in waiting.dropFirst(given.count) { admit(entry) }
    return given.map(\.work)
  }

  /// Notes that a group has ended, whatever its result.
  mutating func done(_ id: Int) {
    for index in lanes.indices {
      guard let work = lanes[index].running.removeValue(forKey: id) else { continue }
      for work in work { inUse.remove(work) }
      admitAgain()
    }
  }
}

/// The logs and inboxes that work touches.
private struct Touched {
  /// How many times each log is written and read.
  private var written: [LogName: Int] = [:]
  private var read: [LogName: Int] = [:]
  private var inboxes: [Inbox: Int] = [:]

  func conflicts(with work: Work) -> Bool {
    if work.inboxes.contains(where: { inboxes[$0] != nil }) { return true }
    return work.writes.contains { written[$0] != nil || read[$0] != nil }
      || work.reads.contains { written[$0] != nil }
  }

  mutating func add(_ work: Work) {
    for log in work.writes { written[log, default: 0] += 1 }
    for log in work.reads { read[log, default: 0] += 1 }
    for inbox in work.inboxes { inboxes[inbox, default: 0] += 1 }
  }

  mutating func remove(_ work: Work) {
    for log in work.writes { Self.lower(&written, log) }
    for log in work.reads { Self.lower(&read, log) }
    for inbox in work.inboxes { Self.lower(&inboxes, inbox) }
  }

  private static func lower<Key>(_ counts: inout [Key: Int], _ key: Key) {
    guard let count = counts[key] else { return }
    counts[key] = count == 1 ? nil : count - 1
  }
}

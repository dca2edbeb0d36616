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
  struct Call: Hashable, Sendable {
    /// The number of the last work that the thread was called for.
    fileprivate var last: Int
  }

  private struct Entry {
    var number: Int
    var work: Work
  }

  private var waiting: Deque<Entry> = []
  private var lastNumber = 0
  private var isCalling = false
  private var waitingKinds: [Work.Kind: Int] = [:]
  private var running: [Int: Group] = [:]
  private var runningKinds: [Work.Kind: Int] = [:]
  private var inUse = Touched()
  /// The logs and inboxes that all waiting work touches, if none of it may run: new work is then checked
  /// alone, so that a long queue for one log is not searched at every entry.
  private var blocked: Touched?
  private var lastID = 0
  private(set) var isClosed = false

  /// Logs on which other processes have a lease: nothing is appended to them for now.
  var heldBack: Set<LogName> = [] {
    didSet { blocked = nil }
  }

  private struct Touched {
    var written: Set<LogName> = []
    /// The number of groups that read each log.
    var read: [LogName: Int] = [:]
    var inboxes: Set<Inbox> = []

    func conflicts(with work: Work) -> Bool {
      if let inbox = work.inbox, inboxes.contains(inbox) { return true }
      return work.writes.contains { written.contains($0) || read[$0] != nil }
        || work.reads.contains { written.contains($0) }
    }

    mutating func add(_ work: Work) {
      written.formUnion(work.writes)
      for log in work.reads { read[log, default: 0] += 1 }
      if let inbox = work.inbox { inboxes.insert(inbox) }
    }

    mutating func remove(_ work: Work) {
      written.subtract(work.writes)
      for log in work.reads {
        guard let count = read[log] else { continue }
        read[log] = count == 1 ? nil : count - 1
      }
      if let inbox = work.inbox { inboxes.remove(inbox) }
    }
  }

  /// Adds work; false if the queue is closed.
  mutating func add(_ work: Work) -> Bool {
    guard !isClosed else { return false }
    lastNumber += 1
    waiting.append(Entry(number: lastNumber, work: work))
    waitingKinds[work.kind, default: 0] += 1
    if blocked.map({ mayStart(work, behind: $0) }) == true { blocked = nil } else { blocked?.add(work) }
    return true
  }

  /// Accepts no more work; waiting work is still done.
  mutating func close() { isClosed = true }

  /// Whether all work is done.
  var isIdle: Bool { waiting.isEmpty && running.isEmpty }

  /// Calls a thread; nil if nothing may run now, or if a thread is already called: it looks again when it
  /// arrives.
  mutating func call() -> Call? {
    guard !isCalling, mayRun, blocked == nil else { return nil }
    blocked = scan { _ in false }
    guard blocked == nil else { return nil }
    isCalling = true
    return Call(last: lastNumber)
  }

  /// The group for a thread that was called; nil if nothing is left.
  mutating func take(_ call: Call) -> Group? {
    isCalling = false
    blocked = nil
    guard mayRun else { return nil }
    var group: [Entry] = []
    var size = 0
    _ = scan { entry in
      group.append(entry)
      size += entry.work.size
      return group.count < Self.workTogether && size < Self.bytesTogether
    }
    guard let kind = group.first?.work.kind else { return nil }
    remove(group)
    for entry in group { inUse.add(entry.work) }
    waitingKinds[kind, default: group.count] -= group.count
    runningKinds[kind, default: 0] += 1
    lastID += 1
    let taken = Group(id: lastID, work: group.map(\.work))
    running[lastID] = taken
    return taken
  }

  /// Gives up all work that a thread was called for, because none will come. Later work calls again, and
  /// waits as long as this work did.
  mutating func abandon(_ call: Call) -> [Work] {
    isCalling = false
    blocked = nil
    let given = waiting.prefix { $0.number <= call.last }.map(\.work)
    waiting.removeFirst(given.count)
    for work in given { waitingKinds[work.kind, default: 1] -= 1 }
    return given
  }

  /// Whether there may be room for any of the waiting work.
  private var mayRun: Bool { Work.Kind.allCases.contains { waitingKinds[$0, default: 0] > 0 && hasRoom($0) } }

  /// Calls `body` with the work that may run now as one group, in order, until `body` has enough. If nothing
  /// may run, returns what all the waiting work touches.
  private func scan(_ body: (Entry) -> Bool) -> Touched? {
    var kind: Work.Kind?
    var ahead = Touched()
    for entry in waiting {
      let work = entry.work
      if kind ?? work.kind == work.kind, mayStart(work, behind: ahead) {
        kind = work.kind
        if !body(entry) { return nil }
      } else {
        ahead.add(work)
      }
    }
    return kind == nil ? ahead : nil
  }

  private func mayStart(_ work: Work, behind ahead: Touched) -> Bool {
    hasRoom(work.kind) && !inUse.conflicts(with: work) && !ahead.conflicts(with: work) && !isHeldBack(work)
  }

  /// Removes these entries from the waiting work; both are in order.
  private mutating func remove(_ group: [Entry]) {
    guard let last = group.last?.number else { return }
    var next = group.makeIterator()
    var taken = next.next()?.number
    var kept: Deque<Entry> = []
    while let entry = waiting.first, entry.number <= last {
      waiting.removeFirst()
      if entry.number == taken { taken = next.next()?.number } else { kept.append(entry) }
    }
    if !kept.isEmpty { waiting = kept + waiting }
  }

  private func hasRoom(_ kind: Work.Kind) -> Bool { runningKinds[kind, default: 0] < Self.groupsTogether }

  private func isHeldBack(_ work: Work) -> Bool {
    !heldBack.isEmpty && work.kind == .append && work.writes.contains(where: heldBack.contains)
  }

  /// Notes that a group has ended, whatever its result.
  mutating func done(_ id: Int) {
    guard let group = running.removeValue(forKey: id), let kind = group.work.first?.kind else { return }
    for work in group.work { inUse.remove(work) }
    blocked = nil
    runningKinds[kind, default: 1] -= 1
  }
}

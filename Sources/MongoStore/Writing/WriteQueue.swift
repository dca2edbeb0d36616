import DequeModule
import Inbox

/// Decides what is written when: a value without threads.
///
/// Work takes effect in the order it came wherever it touches the same log or inbox. What has to wait for
/// nothing earlier is taken together with others of its kind, as one group; a log has at most one group of
/// appends on its way, so that the next number is never a guess.
///
/// A thread is called as soon as something may run, and takes its group when it comes: what was added meanwhile
/// goes with it.
struct WriteQueue {
  /// Work that is done together.
  struct Group: Sendable {
    var id: Int
    var work: [Work]
  }

  /// How many groups of each kind run at once at most, how much work one has, and about how many bytes.
  static let groupsTogether = 4
  static let workTogether = 1000
  static let bytesTogether = 8 << 20

  /// A thread on its way to take a group.
  struct Call: Hashable, Sendable {
    /// The last work that it was called for.
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
  /// What all that waits touches, where none of it may run: what comes then is looked at alone, so that many
  /// that wait for one log are not looked through at every entry.
  private var blocked: Touched?
  private var lastID = 0
  private(set) var isClosed = false

  /// Logs that another process has its turn on: nothing is appended to them for now.
  var heldBack: Set<LogName> = [] {
    didSet { blocked = nil }
  }

  private struct Touched {
    var written: Set<LogName> = []
    /// How many groups read each log.
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

  /// False if the queue is closed.
  mutating func add(_ work: Work) -> Bool {
    guard !isClosed else { return false }
    lastNumber += 1
    waiting.append(Entry(number: lastNumber, work: work))
    waitingKinds[work.kind, default: 0] += 1
    if blocked.map({ mayStart(work, behind: $0) }) == true { blocked = nil } else { blocked?.add(work) }
    return true
  }

  /// Takes no more work; what waits is still done.
  mutating func close() { isClosed = true }

  /// Whether everything is done.
  var isIdle: Bool { waiting.isEmpty && running.isEmpty }

  /// A call for a thread; nil if nothing may run now, or one is on its way: that one looks again when it has
  /// come.
  mutating func call() -> Call? {
    guard !isCalling, mayRun, blocked == nil else { return nil }
    blocked = scan { _ in false }
    guard blocked == nil else { return nil }
    isCalling = true
    return Call(last: lastNumber)
  }

  /// What a thread that was called does; nil if there is nothing left.
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

  /// No thread will come: gives up everything that it was called for. What came later calls anew, and gets as
  /// long as this to wait for one.
  mutating func abandon(_ call: Call) -> [Work] {
    isCalling = false
    blocked = nil
    let given = waiting.prefix { $0.number <= call.last }.map(\.work)
    waiting.removeFirst(given.count)
    for work in given { waitingKinds[work.kind, default: 1] -= 1 }
    return given
  }

  /// Whether any of what waits may have room.
  private var mayRun: Bool { Work.Kind.allCases.contains { waitingKinds[$0, default: 0] > 0 && hasRoom($0) } }

  /// Shows what may run now and goes together, in order, until `body` has enough. If nothing may run, returns
  /// what all that waits touches.
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

  /// Takes these out of what waits; both are in order.
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

  /// A group has ended, however.
  mutating func done(_ id: Int) {
    guard let group = running.removeValue(forKey: id), let kind = group.work.first?.kind else { return }
    for work in group.work { inUse.remove(work) }
    blocked = nil
    runningKinds[kind, default: 1] -= 1
  }
}

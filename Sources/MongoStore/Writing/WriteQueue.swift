import DequeModule
import Inbox

/// Decides what is written when: a value without threads.
///
/// Work takes effect in the order it came wherever it touches the same log or inbox. What has to wait for
/// nothing earlier is taken together with others of its kind, as one group; a log has at most one group of
/// appends on its way, so that the next number is never a guess.
struct WriteQueue {
  /// Work that is done together.
  struct Group: Sendable {
    var id: Int
    var work: [Work]
  }

  /// How many groups of each kind run at once at most, how much work one has, and about how many bytes.
  static let groupsTogether = 2
  static let workTogether = 1000
  static let bytesTogether = 8 << 20

  private var waiting: Deque<Work> = []
  private var waitingKinds: [Work.Kind: Int] = [:]
  private var running: [Int: Group] = [:]
  private var runningKinds: [Work.Kind: Int] = [:]
  private var inUse = Touched()
  private var lastID = 0
  private(set) var isClosed = false

  /// Logs that another process has its turn on: nothing is appended to them for now.
  var heldBack: Set<LogName> = []

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
    waiting.append(work)
    waitingKinds[work.kind, default: 0] += 1
    return true
  }

  /// Takes no more work; what waits is still done.
  mutating func close() { isClosed = true }

  /// Whether everything is done.
  var isIdle: Bool { waiting.isEmpty && running.isEmpty }

  /// The next group that may run now; nil if there is none.
  mutating func take() -> Group? {
    // Asked for at every entry: what waits is looked through only if some of it may have room.
    let mayRun = Work.Kind.allCases.contains { waitingKinds[$0, default: 0] > 0 && hasRoom($0) }
    guard mayRun else { return nil }
    var group: [Work] = []
    var kept: Deque<Work> = []
    var ahead = Touched()
    var size = 0
    var index = waiting.startIndex
    while index < waiting.endIndex {
      let work = waiting[index]
      let isSameKind = group.first.map { $0.kind == work.kind } ?? hasRoom(work.kind)
      let isReady =
        isSameKind && !inUse.conflicts(with: work) && !ahead.conflicts(with: work) && !isHeldBack(work)
      if isReady {
        group.append(work)
        size += work.size
      } else {
        ahead.add(work)
        kept.append(work)
      }
      index += 1
      if group.count >= Self.workTogether || size >= Self.bytesTogether { break }
    }
    guard let kind = group.first?.kind else { return nil }
    kept.append(contentsOf: waiting[index...])
    waiting = kept
    for work in group { inUse.add(work) }
    waitingKinds[kind, default: group.count] -= group.count
    runningKinds[kind, default: 0] += 1
    lastID += 1
    let taken = Group(id: lastID, work: group)
    running[lastID] = taken
    return taken
  }

  private func hasRoom(_ kind: Work.Kind) -> Bool { runningKinds[kind, default: 0] < Self.groupsTogether }

  private func isHeldBack(_ work: Work) -> Bool {
    !heldBack.isEmpty && work.kind == .append && work.writes.contains(where: heldBack.contains)
  }

  /// A group has ended, however.
  mutating func done(_ id: Int) {
    guard let group = running.removeValue(forKey: id), let kind = group.work.first?.kind else { return }
    for work in group.work { inUse.remove(work) }
    runningKinds[kind, default: 1] -= 1
  }
}

import DequeModule

/// Decides which work runs on which thread of a pool, and what may wait: a value without threads.
///
/// Work waits in order of arrival while all threads are busy or there is no primary, but no longer than
/// `waitLimit` or its own deadline. Idle threads are taken last in, first out: the warmest comes first, and
/// at low load few connections are used. A thread is started when it is first needed.
struct PoolScheduler<Work> {
  typealias Instant = ContinuousClock.Instant

  enum Refusal: Hashable {
    case full
    case closed
  }

  enum Submission {
    /// Give the work to this idle thread.
    case assign(worker: Int)
    /// Start this thread with the work.
    case start(worker: Int)
    /// The work waits; `wakesTimer` if it expires before all other waiting work.
    case queued(wakesTimer: Bool)
    case refused(Refusal)
  }

  enum Next {
    case run(Work)
    case wait
    case exit
  }

  /// Work for a thread that has become usable.
  struct Assignment {
    let worker: Int
    let work: Work
    /// Whether the thread is a new one.
    let isNew: Bool
  }

  fileprivate struct Item {
    let work: Work
    let expiry: Instant
  }

  private let threads: Int
  private let limit: Int
  private let waitLimit: Duration
  private var queue: Deque<Item> = []
  private var idle: [Int] = []
  private var nextExpiry: Instant?
  private var lastWorker = 0
  private(set) var isAvailable = false
  private(set) var isClosing = false
  private(set) var workers = 0

  init(threads: Int, limit: Int, waitLimit: Duration) {
    self.threads = threads
    self.limit = limit
    self.waitLimit = waitLimit
  }

  var waiting: Int { queue.count }

  mutating func submit(_ work: Work, deadline: Instant?, now: Instant) -> Submission {
    guard !isClosing else { return .refused(.closed) }
    if isAvailable && queue.isEmpty, let worker = takeWorker() {
      return worker.isNew ? .start(worker: worker.id) : .assign(worker: worker.id)
    }
    guard queue.count < limit else { return .refused(.full) }
    let latest = now + waitLimit
    let expiry = min(deadline ?? latest, latest)
    queue.append(Item(work: work, expiry: expiry))
    guard nextExpiry.map({ expiry < $0 }) ?? true else { return .queued(wakesTimer: false) }
    nextExpiry = expiry
    return .queued(wakesTimer: true)
  }

  /// Decides what a thread does after its work.
  mutating func next(for worker: Int) -> Next {
    if isClosing {
      workers -= 1
      return .exit
    }
    if isAvailable, let item = queue.popFirst() { return .run(item.work) }
    idle.append(worker)
    return .wait
  }

  /// Notes that the system had no thread to give.
  mutating func workerDidNotStart() {
    workers -= 1
  }

  mutating func setAvailable(_ available: Bool) -> [Assignment] {
    isAvailable = available
    var assignments: [Assignment] = []
    while isAvailable, !isClosing, !queue.isEmpty, let worker = takeWorker() {
      let item = queue.removeFirst()
      assignments.append(Assignment(worker: worker.id, work: item.work, isNew: worker.isNew))
    }
    return assignments
  }

  /// Removes waiting work and returns it; nil if it isn't waiting.
  mutating func cancel(where matches: (Work) -> Bool) -> Work? {
    queue.firstIndex { matches($0.work) }.map { queue.remove(at: $0).work }
  }

  /// Removes and returns the work that has waited too long, with the time at which to look again.
  mutating func expire(now: Instant) -> (expired: [Work], next: Instant?) {
    var expired: [Work] = []
    nextExpiry = nil
    queue.removeAll { item in
      guard item.expiry > now else {
        expired.append(item.work)
        return true
      }
      nextExpiry = min(nextExpiry ?? item.expiry, item.expiry)
      return false
    }
    return (expired, nextExpiry)
  }

  /// Removes all work; `idle` are the threads to wake so that they exit.
  mutating func close() -> (dropped: [Work], idle: [Int]) {
    isClosing = true
    let dropped = queue.map(\.work)
    queue.removeAll()
    let woken = idle
    idle.removeAll()
    return (dropped, woken)
  }

  private mutating func takeWorker() -> (id: Int, isNew: Bool)? {
    if let worker = idle.popLast() { return (worker, false) }
    guard workers < threads else { return nil }
    workers += 1
    lastWorker += 1
    return (lastWorker, true)
  }
}

extension PoolScheduler: Sendable where Work: Sendable {}
extension PoolScheduler.Item: Sendable where Work: Sendable {}

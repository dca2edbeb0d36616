import Synchronization

/// One accepted request or notification, until it is answered.
// Unchecked: `state` is read and written only under the lock of the connection that the call belongs to.
final class Call: @unchecked Sendable {
  let id: RequestID
  let methodIndex: Int
  /// Whether the call changes something. If so, its result is sent whatever its size, because the change is
  /// done.
  let changes: Bool
  let run: @Sendable (CallContext) async throws -> [UInt8]
  let connection: Connection
  /// The batch in which the call came.
  let batch: Int?
  /// The memory that the call takes until it is answered, in bytes: an upper bound for all but the largest
  /// calls, since it decides how many requests are accepted.
  let weight: Int
  /// The time of the call's arrival on the monotonic clock, in nanoseconds.
  let arrival: UInt64
  let deadline: ContinuousClock.Instant?
  let progressToken: ArraySlice<UInt8>?
  /// Set once, before anyone is told; `CancelReason.none` until then.
  let cancelReason = Atomic<CancelReason>(.none)
  var state = State()

  struct State {
    var phase = Phase.queued
    var ticket: OrderQueue<Call>.Ticket?
    var task: Task<Void, Never>?
    var timer: Task<Void, Never>?
    var onCancel: [@Sendable () -> Void] = []
    var afterAnswer: [@Sendable () -> Void] = []
    var waiting: Waiting?
    var progress = ProgressThrottle()
    /// The number of bytes of the call's answer that are counted while it is made.
    var heldBytes = 0
    /// The call's sleep while there is no room for its answer.
    var roomWait: Waiting?
  }

  /// The weight of one touch. The name that a call touches is kept in its parameters, in the order queue, by
  /// the store while it writes, and in an answer that lists the names: this many bytes for the longest names.
  private static let touchWeight = 2_048

  enum Phase {
    /// The call is accepted. Its turn has not come, or it has come and the call has not started.
    case queued
    case running
    /// The call is no longer counted or ordered, and waits for something to happen.
    case waiting
    case answered
  }

  init(
    _ prepared: PreparedCall, id: RequestID, size: Int, batch: Int?, meta: RequestMeta,
    connection: Connection
  ) {
    self.id = id
    self.connection = connection
    self.batch = batch
    methodIndex = prepared.methodIndex
    weight = size + Self.touchWeight * prepared.touches.count
    changes = prepared.touches.contains { $0.mode != .read }
    run = prepared.run
    progressToken = meta.progressToken
    arrival = monotonicNanoseconds()
    deadline = meta.timeoutMilliseconds.map { .now.advanced(by: .milliseconds($0)) }
  }
}

/// The work that remains for an answered call, to be done outside the lock.
struct Leftovers: Sendable {
  var timer: Task<Void, Never>?
  var afterAnswer: [@Sendable () -> Void] = []
}

extension Call {
  /// Removes and returns everything that a call holds. Call this under the lock.
  func takeLeftovers() -> Leftovers {
    let leftovers = Leftovers(timer: state.timer, afterAnswer: state.afterAnswer)
    state.task = nil
    state.timer = nil
    state.ticket = nil
    state.waiting = nil
    state.roomWait = nil
    state.onCancel = []
    state.afterAnswer = []
    return leftovers
  }
}

/// The reason why a call is to end early.
enum CancelReason: UInt8, AtomicRepresentable {
  case none
  /// The host cancelled the request, or is gone.
  case cancelled
  case deadline

  /// The error for the answer to a call that ended for this reason.
  var error: RPCError? {
    switch self {
    case .none: nil
    case .cancelled: .cancelled()
    case .deadline: .deadlineExceeded()
    }
  }
}

/// A filter for progress reports: it admits growing ones, at most ten a second.
struct ProgressThrottle: Sendable {
  private var lastDone = -1
  private var nextAt: UInt64 = 0

  private static let interval: UInt64 = 100_000_000

  mutating func admits(done: Int, at nanoseconds: UInt64) -> Bool {
    guard done > lastDone, nanoseconds >= nextAt else { return false }
    lastDone = done
    nextAt = nanoseconds + Self.interval
    return true
  }
}

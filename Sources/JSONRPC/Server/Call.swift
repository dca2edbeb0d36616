import Synchronization

/// One accepted request or notification, until it is answered.
// Unchecked: every `var` is read and written only under the lock of the connection that the call belongs to.
final class Call: @unchecked Sendable {
  let id: RequestID
  let methodIndex: Int
  /// Whether the call changes something. If so, its result is sent whatever its size, because the change is
  /// done.
  let changes: Bool
  let run: @Sendable (CallContext) async throws -> [UInt8]
  let begin: PreparedCall.Begin?
  let connection: HostConnection
  /// The batch in which the call came.
  let batch: Int?
  /// The memory that the call takes until it is answered, in bytes: an upper bound for all but the largest
  /// calls, since it decides how many requests are accepted.
  let weight: Int
  /// The time of the call's arrival on the monotonic clock, in nanoseconds.
  let arrival: UInt64
  let deadline: ContinuousClock.Instant?
  let progressToken: ArraySlice<UInt8>?
  /// `life.cancelReason`, for threads that don't hold the lock. Set before anyone is told.
  let cancelReason = Atomic<CancelReason>(.none)
  /// Whether the answer may be larger than the limit: see `CallContext.exceedAnswerLimit`.
  let mayExceedLimit = Atomic(false)
  var life = CallLife()
  var handles = Handles()
  var ticket: OrderQueue<Call>.Ticket?
  var progress = ProgressThrottle()
  /// The number of bytes of the call's answer that are counted while it is made.
  var heldBytes = 0

  /// The things that are acted upon as the call's life says.
  struct Handles: Sendable {
    var running: Running?
    var timer: Task<Void, Never>?
    var onCancel: [@Sendable () -> Void] = []
    var afterAnswer: [@Sendable () -> Void] = []
    var waiting: Waiting?
    /// The call's sleep while there is no room for its answer.
    var roomWait: Waiting?
  }

  /// What ends the work of a call early.
  enum Running: Sendable {
    case task(Task<Void, Never>)
    case queued(@Sendable () -> Void)

    func cancel() {
      switch self {
      case .task(let task): task.cancel()
      case .queued(let takeBack): takeBack()
      }
    }
  }

  /// The weight of one dependency. The name that it stands for is kept in the call's parameters, in the order
  /// queue, by the store while it writes, and in an answer that lists the names: this many bytes for the
  /// longest names.
  private static let dependencyWeight = 2_048

  init(
    _ prepared: PreparedCall, id: RequestID, size: Int, batch: Int?, meta: RequestMeta,
    connection: HostConnection
  ) {
    self.id = id
    self.connection = connection
    self.batch = batch
    methodIndex = prepared.methodIndex
    weight = size + Self.dependencyWeight * prepared.dependencies.count
    changes = prepared.dependencies.contains { $0.mode != .shared }
    run = prepared.run
    begin = prepared.begin
    progressToken = meta.progressToken
    arrival = monotonicNanoseconds()
    deadline = meta.timeoutMilliseconds.map { .now.advanced(by: .milliseconds($0)) }
  }
}

extension Call {
  /// Returns what the actions need. Nothing is left after an answer. Call this under the lock.
  func takeHandles(for actions: CallLife.Actions) -> Handles {
    let taken = handles
    if actions.contains(.answer) {
      handles = Handles()
    } else {
      handles.onCancel = []
    }
    return taken
  }
}

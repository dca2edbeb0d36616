import DequeModule

/// The state that the threads of a connection share, under one lock.
struct ConnectionState: Sendable {
  var inFlight = InFlight<Call>()
  var order = OrderQueue<Call>()
  /// Calls whose turn has come, in the order in which they start.
  var ready = Deque<Call>()
  /// Whether a thread is starting calls from `ready`. Only one thread does so at a time, so that calls start
  /// in order.
  var isStarting = false
  /// The total weight of the calls in `inFlight`, except those that wait.
  var requestBytes = 0
  /// The room for the answers that are being made.
  var room: AnswerRoom<Call>
  var outbox: Outbox
  /// Whether a thread is writing. Only one thread does so at a time.
  var isWriting = false
  var writerSleeps = false
  /// Whether the last write did not fit. Until the host has read, only the writing thread tries again.
  var isStalled = false
  /// The condition for which the reading thread sleeps, if it does.
  var readerSleepsFor = ReaderSleep.nothing
  /// Whether no more requests are accepted.
  var hasEnded = false
  /// Whether the writing thread is to end once everything is written.
  var writerMayEnd = false
  var records: [MethodRecord]

  enum ReaderSleep: Equatable {
    case nothing
    /// Room for one more request. The answers held for its own batch don't count.
    case room(batch: Int?)
    /// Every call answered, and every answer written.
    case end
  }

  init(limits: Limits, methods: Int, observer: (any ConversationObserver)?) {
    outbox = Outbox(batchBytes: limits.outputBytes)
    room = AnswerRoom(limit: limits.outputBytes)
    outbox.observer = observer
    records = [MethodRecord](repeating: MethodRecord(), count: methods)
  }

  /// Whether one more request may be accepted. The answers held for its own batch don't count: they can't be
  /// written before the whole batch is accepted.
  func hasRoom(_ limits: Limits, batch: Int?) -> Bool {
    guard inFlight.active < limits.inFlight, requestBytes < limits.requestBytesInFlight else { return false }
    var bytes = outbox.queuedBytes + outbox.heldBytes
    if let batch { bytes -= outbox.heldBytes(of: batch) }
    return bytes < limits.outputBytes
  }

  /// Whether every call is answered and every answer is written.
  var isDone: Bool { inFlight.isEmpty && outbox.queuedBytes == 0 }

  /// Returns whether the reading thread is to be woken now; from then on it counts as awake.
  mutating func wakesReader(_ limits: Limits) -> Bool {
    let wakes =
      switch readerSleepsFor {
      case .nothing: false
      case .room(let batch): hasRoom(limits, batch: batch)
      case .end: isDone
      }
    if wakes { readerSleepsFor = .nothing }
    return wakes
  }

  /// Whether any thread may write the queued bytes.
  var mayFlush: Bool { !isWriting && !isStalled && !outbox.isEmpty }

  /// Returns whether the writing thread is to be woken now; from then on it counts as awake.
  mutating func wakesWriter() -> Bool {
    guard writerSleeps, !isWriting, !outbox.isEmpty || writerMayEnd else { return false }
    writerSleeps = false
    return true
  }

  /// Returns whether the caller is to start the calls that are ready; if so, it must do it.
  mutating func becomesStarter() -> Bool {
    guard !isStarting, !ready.isEmpty else { return false }
    isStarting = true
    return true
  }
}

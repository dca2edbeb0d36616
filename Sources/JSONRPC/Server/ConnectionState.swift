import DequeModule

/// Everything that the threads of a connection share, under one lock.
struct ConnectionState: Sendable {
  var inFlight = InFlight<Call>()
  var order = OrderQueue<Call>()
  /// Calls whose turn has come, in the order in which they start.
  var ready = Deque<Call>()
  /// Whether a thread is starting calls from `ready`: one at a time does, so that they start in order.
  var isStarting = false
  /// What the calls in `inFlight` weigh, those that wait left out.
  var requestBytes = 0
  /// The answers that are being made.
  var room: AnswerRoom<Call>
  var outbox: Outbox
  /// Whether a thread is writing: one at a time does.
  var isWriting = false
  var writerSleeps = false
  /// The last write did not fit: until the host has read, only the writing thread tries again.
  var isStalled = false
  /// What the reading thread sleeps for, while it does.
  var readerSleepsFor = ReaderSleep.nothing
  /// No more requests are accepted.
  var hasEnded = false
  /// The writer is to end once everything is written.
  var writerMayEnd = false
  var records: [MethodRecord]

  enum ReaderSleep: Equatable {
    case nothing
    /// Room for one more request; the answers held for the batch it belongs to don't count.
    case room(batch: Int?)
    /// Everything answered and written.
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

  /// Whether everything is answered and written.
  var isDone: Bool { inFlight.isEmpty && outbox.queuedBytes == 0 }

  /// Whether the reading thread is to be woken now; it is taken as awake then.
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

  /// Whether any thread may write what is queued.
  var mayFlush: Bool { !isWriting && !isStalled && !outbox.isEmpty }

  /// Whether the writing thread is to be woken now; it is taken as awake then.
  mutating func wakesWriter() -> Bool {
    guard writerSleeps, !isWriting, !outbox.isEmpty || writerMayEnd else { return false }
    writerSleeps = false
    return true
  }

  /// Whether the caller is to start what is ready; it must then.
  mutating func becomesStarter() -> Bool {
    guard !isStarting, !ready.isEmpty else { return false }
    isStarting = true
    return true
  }
}

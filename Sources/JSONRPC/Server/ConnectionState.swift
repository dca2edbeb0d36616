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
  /// The room for events.
  var eventRoom: EventRoom
  /// What is to be done once no more requests are accepted.
  var atEnd: [@Sendable () -> Void] = []
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
    /// Every call answered, and every answer written. It is woken again when more of the last events is written.
    case end
  }

  init(limits: Limits, methods: Int, observer: (any ConversationObserver)?) {
    outbox = Outbox(batchBytes: limits.outputBytes)
    room = AnswerRoom(limit: limits.outputBytes)
    eventRoom = EventRoom(outputBytes: limits.outputBytes)
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

  /// Whether every call is answered and everything is written.
  var isDone: Bool { inFlight.isEmpty && outbox.queuedBytes == 0 }

  /// Whether every call is answered and every answer is written: at most events are left.
  var hasAnswered: Bool { inFlight.isEmpty && outbox.hasWrittenAnswers }

  /// What follows from a change of the state, to be done outside the lock.
  struct Actions: OptionSet, Sendable {
    let rawValue: UInt8

    /// Start the calls that are ready: nobody else does so now.
    static let start = Self(rawValue: 1 << 0)
    static let grantRoom = Self(rawValue: 1 << 1)
    static let wakeReader = Self(rawValue: 1 << 2)
    static let flush = Self(rawValue: 1 << 3)
    /// What is to be flushed is so little that it may wait for more.
    static let mayWait = Self(rawValue: 1 << 4)
    /// Tell those who wait that there is room for events.
    static let tellEventRoom = Self(rawValue: 1 << 5)
  }

  /// What follows from what the reading thread changed: it flushes by itself, and doesn't sleep now.
  mutating func actionsForReader() -> Actions {
    var actions: Actions = room.isAwaited ? .grantRoom : []
    if !isStarting, !ready.isEmpty {
      isStarting = true
      actions.insert(.start)
    }
    return actions
  }

  /// What follows from what another thread changed.
  mutating func actions(_ limits: Limits) -> Actions {
    var actions = actionsForReader().union(actionsAfterWrite(limits))
    if mayFlush { actions.insert(.flush) }
    if outbox.queuedBytes < Outbox.corkedBytes { actions.insert(.mayWait) }
    return actions
  }

  /// What follows from what was written. The reading thread counts as awake once it is to be woken.
  mutating func actionsAfterWrite(_ limits: Limits) -> Actions {
    var actions: Actions = room.isAwaited ? .grantRoom : []
    let wakes =
      switch readerSleepsFor {
      case .nothing: false
      case .room(let batch): hasRoom(limits, batch: batch)
      case .end: hasAnswered
      }
    if wakes {
      readerSleepsFor = .nothing
      actions.insert(.wakeReader)
    }
    if eventRoom.isAwaited, eventRoom.hasReturned(queued: outbox.queuedBytes) {
      actions.insert(.tellEventRoom)
    }
    return actions
  }

  /// Whether any thread may write the queued bytes.
  var mayFlush: Bool { !isWriting && !isStalled && !outbox.isEmpty }

  /// What a thread that has answered a call does about the output.
  enum FlushStep: Sendable {
    case write([UInt8], from: Int)
    case wakeWriter
    case done
  }

  /// What the writing thread does.
  enum WriterStep: Sendable {
    case write([UInt8], from: Int)
    /// Sleep until the host has taken something.
    case waitForHost
    case sleep
    case end
  }

  /// The next step of a thread that may write `left` more segments. The writing thread counts as awake once it
  /// is to be woken.
  mutating func flushStep(_ left: Int) -> FlushStep {
    if left > 0, mayFlush, let (segment, offset) = outbox.take() {
      isWriting = true
      return .write(segment, from: offset)
    }
    guard writerSleeps, !isWriting, !outbox.isEmpty || writerMayEnd else { return .done }
    writerSleeps = false
    return .wakeWriter
  }

  /// The next step of the writing thread, which alone tries again where a write did not fit.
  mutating func writerStep() -> WriterStep {
    if !isWriting, isStalled, !outbox.isEmpty { return .waitForHost }
    if !isWriting, let (segment, offset) = outbox.take() {
      isWriting = true
      return .write(segment, from: offset)
    }
    if writerMayEnd { return .end }
    writerSleeps = true
    return .sleep
  }
}

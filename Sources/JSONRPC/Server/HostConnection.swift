import JSON
import Locks
import Logging
import Runtime
import Synchronization

/// One connection: the accepted calls, the order in which they run, and the output that is to be written. The
/// reading thread, the writing thread and the tasks of the calls share it under one lock, which none of them
/// holds while it waits or runs a call.
final class HostConnection: Sendable {
  let service: any Service
  let methods: [String]
  let limits: Limits
  let info: ServerInfo
  let logger: Logger
  let observer: (any ConversationObserver)?
  let output: OutputDescriptor
  let state: Locked<ConnectionState>
  let readerWake: WakePipe
  let writerWake: WakePipe
  /// The request for the reading thread to stop.
  let stopsReading = Atomic<StopRequest>(.none)
  /// The id of the reading thread, which flushes its own answers itself.
  let readerThread = Atomic<UInt>(0)
  /// Whether the host asked for a log of every request, whatever the log level.
  let isTraced = Atomic<Bool>(false)
  /// Whether the host sent `shutdown`.
  let isShutDown = Atomic<Bool>(false)
  /// Whether messages are sent with headers.
  let usesHeaders = Atomic<Bool>(false)
  /// Whether every request is logged.
  let logsCalls: Bool
  /// The time at which a drain must be over, on the monotonic clock in nanoseconds.
  let drainDeadline = Atomic(Int.max)
  /// Whether a drain was asked for. The second request ends the connection at once.
  let wasDrained = Atomic<Bool>(false)
  private let start = monotonicNanoseconds()

  /// The reason why reading is to stop; the higher one wins.
  enum StopRequest: UInt8, AtomicRepresentable, Comparable {
    case none
    case drain
    /// The host sent `exit`.
    case exit
    case outputClosed
    case now

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  init(
    service: any Service, info: ServerInfo, limits: Limits, output: Int32, logger: Logger,
    observer: (any ConversationObserver)? = nil
  ) throws(SystemError) {
    self.service = service
    methods = service.methods
    self.info = info
    self.limits = limits
    self.logger = logger
    logsCalls = logger.logLevel <= .debug
    self.output = OutputDescriptor(output)
    self.observer = observer
    state = Locked(ConnectionState(limits: limits, methods: methods.count, observer: observer))
    readerWake = try WakePipe()
    writerWake = try WakePipe()
  }

  /// Sets the time at which a drain must be over, unless an earlier time is set already.
  func drain(by deadline: UInt64) {
    drainDeadline.min(Int(clamping: deadline), ordering: .acquiringAndReleasing)
  }

  /// Asks the reading thread to stop.
  func stopReading(_ request: StopRequest) {
    var current = stopsReading.load(ordering: .acquiring)
    while current < request {
      let (isDone, actual) = stopsReading.compareExchange(
        expected: current, desired: request, ordering: .acquiringAndReleasing)
      if isDone { break }
      current = actual
    }
    readerWake.wake()
  }

  /// Changes the state and does what follows. Answers of calls that the reading thread runs itself are not
  /// flushed here: it flushes them together.
  ///
  /// Always inlined: otherwise what `body` captures is copied for it.
  @inline(__always)
  func change<Result: Sendable>(_ body: (inout ConnectionState) -> Result) -> Result {
    let isReader = SystemThread.currentID == readerThread.load(ordering: .relaxed)
    let (result, actions) = state.withLock { state in
      let result = body(&state)
      return (result, isReader ? state.actionsForReader() : state.actions(limits))
    }
    perform(actions)
    return result
  }

  func perform(_ actions: ConnectionState.Actions) {
    // A write that returns at once costs less than waking a thread to do it; one write for several answers
    // costs less than one for each.
    if actions.contains(.flush) {
      if actions.contains(.mayWait), let cork = Cork.current {
        cork.putOff(for: self) { self.flush(segments: 1) }
      } else {
        flush(segments: 1)
      }
    }
    if actions.contains(.wakeReader) { readerWake.wake() }
    if actions.contains(.grantRoom) { grantRoom() }
    if actions.contains(.tellEventRoom) { tellEventRoom() }
    if actions.contains(.start) { startReady() }
  }

  /// The JSON text as it is sent: without line breaks if it goes on a line, unchanged behind headers.
  func onTheWire(_ text: [UInt8]) -> [UInt8] {
    usesHeaders.load(ordering: .relaxed) ? text : text.without(.lineEnds)
  }

  func status() -> ServerStatus {
    state.withLock { state in
      ServerStatus(
        inFlight: state.inFlight.active, waiting: state.inFlight.waiting,
        outputBytes: state.outbox.queuedBytes,
        uptimeMilliseconds: Int64((monotonicNanoseconds() - start) / 1_000_000), limits: limits,
        methods: zip(methods, state.records).compactMap { name, record in
          guard record.requests > 0 else { return nil }
          return ServerStatus.Method(
            name: name, requests: record.requests, errors: record.errors,
            p50Microseconds: Double(record.durations.quantile(0.5)) / 1_000,
            p99Microseconds: Double(record.durations.quantile(0.99)) / 1_000)
        })
    }
  }
}

import JSON
import LibC
import Locks
import Logging
import Runtime
import Synchronization

/// A JSON-RPC 2.0 server on a pair of descriptors: it reads requests, has a `Service` answer them, and writes
/// the answers, for as long as the host keeps its end open.
///
/// Requests run concurrently and are answered in any order; those that touch the same thing take effect in
/// the order in which they came. `Limits` bounds the memory: where a limit is reached the server stops
/// reading, and drops nothing.
public final class Server: Sendable {
  let connection: HostConnection
  private let input: InputDescriptor
  private let framing: Framing

  /// The largest number of bytes that one read takes.
  private static let chunkBytes = 128 << 10

  /// Creates a server that is ready to `run`.
  ///
  /// - Parameters:
  ///   - service: the service that answers requests.
  ///   - info: the name and version of the program, for `initialize`.
  ///   - input: the descriptor to read from. It and `output`, the descriptor to write to, still belong to the
  ///     caller.
  ///   - framing: the way in which messages are delimited.
  ///   - observer: an observer of every message.
  public init(
    service: any Service, info: ServerInfo, limits: Limits = Limits(), input: Int32, output: Int32,
    logger: Logger, framing: Framing = .detect, observer: (any ConversationObserver)? = nil
  ) throws(SystemError) {
    // Writing to a host that is gone is an error of write(2), and must not end the process.
    signal(SIGPIPE, SIG_IGN)
    connection = try HostConnection(
      service: service, info: info, limits: limits, output: output, logger: logger, observer: observer)
    self.input = InputDescriptor(input)
    self.framing = framing
  }

  /// Serves until the host or the caller ends it. Blocks the calling thread, which must not be one of Swift's
  /// cooperative pool. Call this once.
  public func run() -> Ending {
    connection.readerThread.store(SystemThread.currentID, ordering: .relaxed)
    let isWritten = Monitor(false)
    let isStarted = SystemThread.start(named: "write answers") { [connection] in
      connection.runWriter()
      isWritten.update { $0 = true }
    }
    guard isStarted else { return .inputFailed(EAGAIN) }
    let (ending, isWhole) = finish(read())
    connection.endWriter(discarding: !isWhole)
    // Otherwise the thread may be in a write that never ends.
    if connection.output.returnsAtOnce || isWhole || ending == .outputClosed {
      isWritten.wait { $0 ? () : nil }
      connection.output.closeOwned()
    }
    return ending
  }

  /// The sender of notifications outside of any request.
  public var notifier: Notifier { Notifier(connection: connection) }

  /// The current state and the statistics of the server.
  public var status: ServerStatus { connection.status() }

  /// Stops reading, lets the accepted requests finish, and writes the answers, for at most this time. A
  /// second call ends the server at once. May be called from any thread.
  public func drain(timeoutMilliseconds: Int) {
    let deadline = monotonicNanoseconds() + UInt64(max(0, timeoutMilliseconds)) * 1_000_000
    let isFirst = !connection.wasDrained.exchange(true, ordering: .acquiringAndReleasing)
    if isFirst { connection.drain(by: deadline) }
    connection.stopReading(isFirst ? .drain : .now)
  }

  /// Drains, for three seconds at most, because the host has ended without closing its ends of the pipes,
  /// which other processes may hold open. May be called from any thread.
  public func hostEnded() {
    connection.drain(by: monotonicNanoseconds() + Self.orphanGrace)
    connection.stopReading(.drain)
  }

  /// The time that accepted requests may take once the host has ended, in nanoseconds.
  private static let orphanGrace: UInt64 = 3_000_000_000

  /// Ends the server at once: accepted requests may stay unanswered. May be called from any thread.
  public func stop() { connection.stopReading(.now) }

  // MARK: Reading

  /// Reads until there is nothing more to read, and returns the reason.
  private func read() -> Ending {
    var framer = StreamFramer(framing, limits: connection.limits)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkBytes, alignment: 16)
    defer { buffer.deallocate() }
    while !connection.isStopping {
      switch input.read(into: buffer, orWokenBy: connection.readerWake) {
      case .read(let count):
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        guard take(bytes, &framer) else { return .lostSync }
      case .end:
        if let last = framer.finish() {
          deliver(last, framer)
          if case .lostSync = last { return .lostSync }
        }
        return .endOfInput
      case .woken: break
      case .failed(let code):
        connection.logger.error("reading failed", metadata: ["error": "\(SystemError("read", code: code))"])
        return .inputFailed(code)
      }
    }
    return .drained
  }

  /// Takes the messages in a chunk; false if the framing is broken.
  private func take(_ bytes: UnsafeRawBufferPointer, _ framer: inout StreamFramer) -> Bool {
    var position = 0
    var sinceFlush = 0
    defer { connection.flush() }
    while !connection.isStopping, let frame = framer.next(in: bytes, from: &position) {
      deliver(frame, framer)
      if case .lostSync = frame { return false }
      sinceFlush += 1
      // So few that a host with many requests in flight works on these answers while the next ones are made.
      if sinceFlush == 16 {
        sinceFlush = 0
        connection.flush()
      }
    }
    return true
  }

  private func deliver(_ frame: Frame, _ framer: StreamFramer) {
    connection.setFraming(framer.framing)
    connection.receive(frame)
  }

  // MARK: Ending

  /// The time that accepted requests may take if nobody asked to drain, in nanoseconds: the host is gone, or
  /// has sent `exit`.
  private static let lastGrace: UInt64 = 10_000_000_000

  /// Waits until every accepted request is answered and everything is written; returns also whether it is. At the end
  /// of input there is no time limit for answers, but events hold the server only for as long as the host takes them:
  /// they can be had again from their cursors.
  private func finish(_ reason: Ending) -> (Ending, isWhole: Bool) {
    connection.endRequests()
    var grace = UInt64.max
    // How many bytes of events are left behind the answers, and when they are given up.
    var lastEvents = (bytes: Int.max, deadline: UInt64.max)
    var hasCancelled = false
    while true {
      let request = connection.stopsReading.load(ordering: .acquiring)
      if request == .now { return (.cutShort, false) }
      if request >= .exit, grace == .max { grace = monotonicNanoseconds() + Self.lastGrace }
      if request == .outputClosed, !hasCancelled {
        // Nobody will read the answers.
        hasCancelled = true
        connection.cancelAll()
      }
      connection.flush()
      let (isDone, eventBytes) = connection.state.withLock { state in
        if !state.isDone { state.readerSleepsFor = .end }
        return (state.isDone, state.hasAnswered ? state.outbox.queuedBytes : nil)
      }
      if isDone {
        // Loaded again: the last write may have failed since.
        let ending = ending(reason, connection.stopsReading.load(ordering: .acquiring))
        return (ending, ending != .outputClosed)
      }
      if let eventBytes, eventBytes < lastEvents.bytes {
        let pause = UInt64(connection.limits.lastEventsMilliseconds) * 1_000_000
        lastEvents = (eventBytes, monotonicNanoseconds() + pause)
      }
      let deadline = min(
        grace, UInt64(connection.drainDeadline.load(ordering: .acquiring)), lastEvents.deadline)
      guard let milliseconds = Self.timeLeft(until: deadline) else {
        guard let eventBytes else { return (request == .outputClosed ? .outputClosed : .cutShort, false) }
        connection.logger.warning(
          "the host does not read its last events", metadata: ["bytes": "\(eventBytes)"])
        return (ending(reason, request), false)
      }
      connection.readerWake.sleep(milliseconds: milliseconds)
    }
  }

  private func ending(_ reason: Ending, _ request: HostConnection.StopRequest) -> Ending {
    switch request {
    case .none, .drain, .now: reason
    case .exit: .exit(afterShutdown: connection.isShutDown.load(ordering: .acquiring))
    case .outputClosed: .outputClosed
    }
  }

  /// The time left, in milliseconds for poll(2): −1 for ever, nil if the time is over.
  private static func timeLeft(until deadline: UInt64) -> Int32? {
    if deadline == .max { return -1 }
    let now = monotonicNanoseconds()
    return now < deadline ? Int32(clamping: (deadline - now) / 1_000_000 + 1) : nil
  }
}

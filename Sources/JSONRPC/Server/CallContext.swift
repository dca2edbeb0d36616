import JSON
import Logging
import Synchronization

/// The server's interface for a running call.
public struct CallContext: Sendable {
  let call: Call

  /// Whether the host cancelled the request, or its time is over. The call's task is then cancelled too.
  public var isCancelled: Bool { call.cancelReason.load(ordering: .acquiring) != .none }

  /// Throws `cancelled` or `deadline_exceeded` if `isCancelled`. A call that has changed something no longer
  /// checks this, and returns its result.
  public func checkCancellation() throws(RPCError) {
    if let error = call.cancelReason.load(ordering: .acquiring).error { throw error }
  }

  /// Runs `handler` once when the request is cancelled or its time is over, or at once if that has already
  /// happened. The handler runs on the thread that noticed it, and must not block.
  public func onCancel(_ handler: @escaping @Sendable () -> Void) {
    call.connection.onCancel(call, handler)
  }

  /// Runs `handler` once the answer, or that of its whole batch, is queued: whatever it sends comes after the
  /// answer. It must not block.
  public func afterAnswer(_ handler: @escaping @Sendable () -> Void) {
    call.connection.afterAnswer(call, handler)
  }

  /// The time at which the request's `timeout_ms` is over; nil if it has none.
  public var deadline: ContinuousClock.Instant? { call.deadline }

  /// Whether the host gave a `progressToken`.
  public var wantsProgress: Bool { call.progressToken != nil }

  /// Reports to a host that gave a `progressToken` how far the work is: `done` of `total`. Reports that don't
  /// grow, or that come within a tenth of a second, are left out, so frequent calls cost little.
  public func progress(done: Int, total: Int) {
    guard call.progressToken != nil else { return }
    call.connection.progress(call, done: done, total: total)
  }

  /// The size, in bytes, up to which an answer need not be counted while it is made.
  public static let uncountedBytes = 64 << 10

  /// Whether the answer is sent on a line, with escapes in place of line ends: see `Hazard.lineEnds`.
  public var answersOnLines: Bool { !call.connection.usesHeaders.load(ordering: .relaxed) }

  /// Declares that the answer is the least that can be asked for: it is sent even if it is larger than the limit of
  /// answers, since no other call could get it either.
  public func exceedAnswerLimit() { call.mayExceedLimit.store(true, ordering: .relaxed) }

  /// Counts the part of an answer that is in memory while it is made, `bytes` in all, against the limit of
  /// output. Call this before the answer grows beyond `uncountedBytes`, and again as it grows. False if there
  /// is no room now: the call then releases what it has, awaits `makeRoom`, and begins again. Never blocks.
  public func hold(_ bytes: Int) -> Bool { call.connection.hold(bytes, for: call) }

  /// Waits until there is room for an answer of at most `bytes`, which are counted from then on. Throws
  /// `cancelled` or `deadline_exceeded`.
  public func makeRoom(for bytes: Int) async throws(RPCError) {
    try await call.connection.makeRoom(bytes, for: call)
  }

  /// Declares that from now on the call only waits for something to happen: it no longer counts as a request
  /// in flight, and the calls behind it on its keys go on. Throws `limit_reached` if too many requests wait.
  public func startWaiting() throws(RPCError) -> Waiting {
    try call.connection.startWaiting(call)
  }

  /// The sender of notifications of the service's own, such as events; see `Notifier`.
  public var notifier: Notifier { Notifier(connection: call.connection) }

  /// The current state and the statistics of the server.
  public var status: ServerStatus { call.connection.status() }
}

/// Sends notifications to the host, in the order of the calls of `notify`. May be kept beyond the request.
public struct Notifier: Sendable {
  let connection: HostConnection

  /// Queues `{"jsonrpc":"2.0","method":...,"params":...}`. `params` is the text of one JSON object. False,
  /// and nothing is sent, if the host is gone, or has not taken earlier messages and the output limit is
  /// reached.
  public func notify(method: StaticString, params: [UInt8]) -> Bool {
    connection.notify(method: method, params: params)
  }

  /// Which connection this is: a host has one.
  public var connectionID: ObjectIdentifier { ObjectIdentifier(connection) }

  /// Whether there is room for events: the host takes what it is sent. Answers need no such room, so events never hold
  /// them up for long.
  public var hasRoom: Bool { connection.hasEventRoom }

  /// The largest number of bytes of events that may be sent at a time when there is room, apart from one event
  /// that alone has more.
  public var roomBytes: Int { connection.eventRoomBytes }

  /// Queues these events together, in order, if the host is still there. To be called when there is room. Never blocks.
  public func send(_ events: [Event]) { connection.send(events) }

  /// Runs `handler` once, as soon as there is room for events, maybe at once. It must not block. It is not run
  /// if the host goes before.
  public func whenRoom(_ handler: @escaping @Sendable () -> Void) { connection.whenEventRoom(handler) }

  /// Logs something about the service's own work for this host that should be looked into.
  public func warn(_ message: String, why: String) {
    connection.logger.warning("\(message)", metadata: ["why": "\(why)"])
  }

  /// Logs that such a thing is over.
  public func notice(_ message: String) { connection.logger.notice("\(message)") }

  /// Runs `handler` once, when no more requests are accepted: the host has ended the conversation, or is gone.
  /// Runs it at once if that has happened. It must not block.
  public func whenEnded(_ handler: @escaping @Sendable () -> Void) { connection.whenEnded(handler) }
}

/// A notification of the service's own.
public struct Event: Sendable {
  let method: StaticString
  let params: [UInt8]
  let isWanted: @Sendable () -> Bool

  /// Creates an event. `params` is the text of one JSON object. `isWanted` is asked when the event is queued, and
  /// leaves it out by returning false: an answer that is queued after what made it false precedes no such event. It is
  /// called under a lock, and only looks at a value.
  public init(
    method: StaticString, params: [UInt8], isWanted: @escaping @Sendable () -> Bool = { true }
  ) {
    self.method = method
    self.params = params
    self.isWanted = isWanted
  }
}

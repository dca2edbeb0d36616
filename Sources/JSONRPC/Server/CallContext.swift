import JSON
import Synchronization

/// What a running call may ask of the server.
public struct CallContext: Sendable {
  let call: Call

  /// Whether the host took the request back, or its time is over. The call's task is then cancelled too.
  public var isCancelled: Bool { call.cancelReason.load(ordering: .acquiring) != .none }

  /// Throws `cancelled` or `deadline_exceeded` if `isCancelled`. A call that has changed something does not
  /// ask any more, and returns its result.
  public func checkCancellation() throws(RPCError) {
    if let error = call.cancelReason.load(ordering: .acquiring).error { throw error }
  }

  /// Runs `handler` once when the request is cancelled or its time is over; at once if that is so already.
  /// It runs on the thread that found out, and must not block.
  public func onCancel(_ handler: @escaping @Sendable () -> Void) {
    call.connection.onCancel(call, handler)
  }

  /// Runs `handler` once the answer is queued: what it sends comes behind the answer. It must not block.
  public func afterAnswer(_ handler: @escaping @Sendable () -> Void) {
    call.connection.afterAnswer(call, handler)
  }

  /// When the request's time is over, if it has a `timeout_ms`.
  public var deadline: ContinuousClock.Instant? { call.deadline }

  /// Whether the host gave a `progressToken`.
  public var wantsProgress: Bool { call.progressToken != nil }

  /// Tells a host that gave a `progressToken` how far the work is: `done` of `total`. Reports that don't
  /// grow, or come within a tenth of a second, are left out, so calling it often costs little.
  public func progress(done: Int, total: Int) {
    guard call.progressToken != nil else { return }
    call.connection.progress(call, done: done, total: total)
  }

  /// Answers up to so many bytes need not be counted while they are made.
  public static let uncountedBytes = 64 << 10

  /// Whether an answer goes out on a line, where its line ends are escapes: see `Hazard.lineEnds`.
  public var answersOnLines: Bool { !call.connection.usesHeaders.load(ordering: .relaxed) }

  /// Counts what is in memory of an answer that is being made, `bytes` in all, against the limit of output; to
  /// be called before it grows beyond `uncountedBytes`, and again as it grows. False if there is no room now:
  /// then the call lets go of what it has, awaits `makeRoom`, and begins again. Never blocks.
  public func hold(_ bytes: Int) -> Bool { call.connection.hold(bytes, for: call) }

  /// Waits until there is room for an answer of at most `bytes`, which are counted from then on. Throws
  /// `cancelled` or `deadline_exceeded`.
  public func makeRoom(for bytes: Int) async throws(RPCError) {
    try await call.connection.makeRoom(bytes, for: call)
  }

  /// The call will do nothing more but wait for something to happen: it leaves the count of requests in
  /// flight and lets those behind it on its keys go on. Throws `limit_reached` if too many wait.
  public func startWaiting() throws(RPCError) -> Waiting {
    try call.connection.startWaiting(call)
  }

  /// Sends a notification of the service's own, such as an event; see `Notifier`.
  public var notifier: Notifier { Notifier(connection: call.connection) }

  /// What the server is doing and has done.
  public var status: ServerStatus { call.connection.status() }
}

/// Sends notifications to the host, in the order of the calls. May be kept beyond the request.
public struct Notifier: Sendable {
  let connection: Connection

  /// Queues `{"jsonrpc":"2.0","method":...,"params":...}`. `params` is the text of one JSON object. False,
  /// and nothing is sent, if the host has not taken what it was sent before, up to the output limit, or is
  /// gone.
  public func notify(method: StaticString, params: [UInt8]) -> Bool {
    connection.notify(method: method, params: params)
  }
}

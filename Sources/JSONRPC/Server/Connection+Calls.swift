import JSON
import Logging
import Synchronization

/// The life of a call: accepted, started in order, answered once.
extension Connection {
  /// Accepts a call. False, and the call is refused, if its id is in flight.
  func accept(_ call: Call, touches: [Touch], in state: inout ConnectionState) -> Bool {
    // The call is in the table before it can start, hence before it can finish.
    guard state.inFlight.insert(call, id: call.id) else { return false }
    state.requestBytes += call.weight
    if let batch = call.batch, !call.id.isNotification { state.outbox.expectAnswer(in: batch) }
    if touches.isEmpty {
      state.ready.append(call)
    } else {
      call.state.ticket = state.order.enqueue(call, touching: touches, ready: &state.ready)
    }
    return true
  }

  /// Starts the calls that are ready, one after the other, on the thread that became the starter. A call that
  /// answers at once only adds to `ready`, and does not get here again.
  func startReady() {
    while let call = nextReady() { start(call) }
  }

  private func nextReady() -> Call? {
    state.withLock { state in
      while let call = state.ready.popFirst() {
        // A call that was cancelled meanwhile is already answered.
        guard call.state.phase == .queued else { continue }
        call.state.phase = .running
        return call
      }
      state.isStarting = false
      return nil
    }
  }

  private func start(_ call: Call) {
    // The call runs here until it first suspends: calls begin in the order in which they are started.
    let task = Task.immediate(executorPreference: ResumingExecutor.shared) {
      do {
        let result = try await call.run(CallContext(call: call))
        self.finish(call, result: result)
      } catch {
        self.finish(call, error: self.answer(to: error, of: call))
      }
    }
    let isCancelled = state.withLock { _ in
      guard call.state.phase != .answered else { return false }
      call.state.task = task
      return call.cancelReason.load(ordering: .relaxed) != .none
    }
    if isCancelled { task.cancel() }
  }

  private func finish(_ call: Call, result: [UInt8]) {
    // Escapes make the result longer: the limit is for the bytes that are written.
    let result = onTheWire(result)
    guard call.changes || result.count <= limits.answerBytes else {
      finish(call, error: .responseTooLarge(limit: limits.answerBytes))
      return
    }
    settle(call, failure: nil) { state in
      state.outbox.add(result: result, id: call.id.raw, batch: call.batch, always: call.changes)
    }
  }

  private func finish(_ call: Call, error: RPCError) {
    settle(call, failure: error) { state in
      state.outbox.add(error: error, id: call.id.raw, batch: call.batch)
    }
  }

  private func settle(
    _ call: Call, failure: RPCError?, _ answer: (inout ConnectionState) -> Void
  ) {
    let duration = monotonicNanoseconds() - call.arrival
    let leftovers = change { state in
      conclude(call, after: duration, failed: failure != nil, in: &state, answer)
    }
    guard let leftovers else { return }
    clear(leftovers)
    log(call, duration: duration, failure: failure)
  }

  /// Answers a call: the only place where that happens. Nil if the call was already answered.
  private func conclude(
    _ call: Call, after duration: UInt64, failed: Bool, in state: inout ConnectionState,
    _ answer: (inout ConnectionState) -> Void
  ) -> Leftovers? {
    guard call.state.phase != .answered else { return nil }
    let wasWaiting = call.state.phase == .waiting
    state.inFlight.remove(call.id, wasWaiting: wasWaiting)
    if !wasWaiting { state.requestBytes -= call.weight }
    call.state.phase = .answered
    if !call.id.isNotification { answer(&state) }
    // From here on the call's answer is counted as output.
    state.release(call)
    if let ticket = call.state.ticket { state.order.remove(ticket, ready: &state.ready) }
    state.records[call.methodIndex].record(nanoseconds: duration, failed: failed)
    return call.takeLeftovers()
  }

  private func clear(_ leftovers: Leftovers) {
    leftovers.timer?.cancel()
    for handler in leftovers.afterAnswer { handler() }
  }

  private func answer(to error: any Error, of call: Call) -> RPCError {
    let reason = call.cancelReason.load(ordering: .acquiring).error
    switch error {
    case let error as RPCError: return error.kind == .cancelled ? reason ?? error : error
    // A store that knows the deadline may end a moment before the timer.
    case is CancellationError: return reason ?? (call.deadline == nil ? .cancelled() : .deadlineExceeded())
    default:
      // Only the type is logged: an error's text may quote something that a user sent.
      logger.error(
        "a request failed unexpectedly",
        metadata: [
          "id": "\(text(of: call.id))", "method": "\(methods[call.methodIndex])",
          "error": "\(type(of: error))",
        ])
      return .internal()
    }
  }

  // MARK: Cancelling

  /// Ends a call early. A call that has not started is answered here; a running call is told, and answers by
  /// itself.
  func cancel(_ call: Call, _ reason: CancelReason) {
    guard let error = reason.error else { return }
    let duration = monotonicNanoseconds() - call.arrival
    let told = change { state -> Told in
      guard call.state.phase != .answered, call.cancelReason.load(ordering: .relaxed) == .none else {
        return Told()
      }
      call.cancelReason.store(reason, ordering: .releasing)
      if call.state.phase == .queued {
        let leftovers = conclude(call, after: duration, failed: true, in: &state) { state in
          state.outbox.add(error: error, id: call.id.raw, batch: call.batch)
        }
        return Told(leftovers: leftovers)
      }
      defer { call.state.onCancel = [] }
      return Told(
        task: call.state.task, waiting: [call.state.waiting, call.state.roomWait].compactMap(\.self),
        handlers: call.state.onCancel)
    }
    if let leftovers = told.leftovers {
      clear(leftovers)
      log(call, duration: duration, failure: error)
    }
    told.task?.cancel()
    for waiting in told.waiting { waiting.wake() }
    for handler in told.handlers { handler() }
  }

  /// The work that remains for a cancelled call.
  private struct Told: Sendable {
    /// Set if the call was answered at once.
    var leftovers: Leftovers?
    var task: Task<Void, Never>?
    var waiting: [Waiting] = []
    var handlers: [@Sendable () -> Void] = []
  }

  /// Cancels every call, because nobody is there to read the answers.
  func cancelAll() {
    for call in state.withLock({ Array($0.inFlight.all) }) { cancel(call, .cancelled) }
  }

  /// Ends the waiting of every call.
  func endWaiting() {
    for waiting in state.withLock({ $0.inFlight.all.compactMap(\.state.waiting) }) { waiting.end() }
  }

  func onCancel(_ call: Call, _ handler: @escaping @Sendable () -> Void) {
    let isCancelled = state.withLock { _ in
      if call.cancelReason.load(ordering: .relaxed) != .none { return true }
      if call.state.phase != .answered { call.state.onCancel.append(handler) }
      return false
    }
    if isCancelled { handler() }
  }
}

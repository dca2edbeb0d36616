import JSON
import Logging
import Synchronization

/// The life of a call, carried out: `CallLife` decides under the lock, and what it asks for is done here.
extension HostConnection {
  /// Accepts a call. False, and the call is refused, if its id is in flight.
  func accept(_ call: Call, dependencies: [Dependency], in state: inout ConnectionState) -> Bool {
    // The call is in the table before it can start, hence before it can finish.
    guard state.inFlight.insert(call, id: call.id) else { return false }
    state.requestBytes += call.weight
    if let batch = call.batch, !call.id.isNotification { state.outbox.expectAnswer(in: batch) }
    if dependencies.isEmpty {
      state.ready.append(call)
    } else {
      call.ticket = state.order.enqueue(call, dependencies: dependencies, ready: &state.ready)
    }
    return true
  }

  /// Starts the calls that are ready, one after the other, on the thread that became the starter. A call that
  /// answers at once only adds to `ready`, and does not get here again.
  func startReady() {
    var started: (call: Call, running: Call.Running)?
    while let call = nextReady(after: started) {
      // The call runs here until it first waits: calls begin in the order in which they are started.
      started = start(call).map { (call, $0) }
    }
  }

  /// Starts a call, without a task if it needs none; nil if there is nothing that could end it early.
  private func start(_ call: Call) -> Call.Running? {
    guard let begin = call.begin else { return .task(startTask(call)) }
    let begun = begin(CallContext(call: call)) { outcome in
      switch outcome {
      case .result(let result): self.finish(call, result: result)
      case .failure(let error): self.finish(call, error: self.answer(to: error, of: call))
      case .needsTask: self.keep(.task(self.startTask(call)), of: call)
      }
    }
    switch begun {
    case .done: return nil
    case .queued(let takeBack): return .queued(takeBack)
    case .needsTask: return .task(startTask(call))
    }
  }

  private func startTask(_ call: Call) -> Task<Void, Never> {
    Task.immediate(executorPreference: ResumingExecutor.shared) {
      do {
        let result = try await call.run(CallContext(call: call))
        self.finish(call, result: result)
      } catch {
        self.finish(call, error: self.answer(to: error, of: call))
      }
    }
  }

  /// Keeps what ends the call early, in place of what did before.
  private func keep(_ running: Call.Running, of call: Call) {
    let actions = state.withLock { _ in
      let actions = call.life.taskBegan()
      if actions.contains(.keep) { call.handles.running = running }
      return actions
    }
    if actions.contains(.cancelTask) { running.cancel() }
  }

  /// Keeps what ends the call early that was started last, and returns the next call.
  private func nextReady(after started: (call: Call, running: Call.Running)?) -> Call? {
    let (next, actions) = state.withLock { state -> (Call?, CallLife.Actions) in
      var actions: CallLife.Actions = []
      if let (call, running) = started {
        actions = call.life.taskBegan()
        // A task that took over on another thread is kept already.
        if actions.contains(.keep), call.handles.running == nil { call.handles.running = running }
      }
      while let call = state.ready.popFirst() {
        if call.life.start() == .run { return (call, actions) }
      }
      state.isStarting = false
      return (nil, actions)
    }
    if actions.contains(.cancelTask) { started?.running.cancel() }
    return next
  }

  private func finish(_ call: Call, result: [UInt8]) {
    // Escapes make the result longer: the limit is for the bytes that are written.
    let result = onTheWire(result)
    guard
      call.changes || result.count <= limits.answerBytes || call.mayExceedLimit.load(ordering: .relaxed)
    else {
      finish(call, error: .responseTooLarge(limit: limits.answerBytes))
      return
    }
    advance(call, failure: nil, { $0.finish() }) { outbox in
      outbox.add(result: result, id: call.id.raw, batch: call.batch, always: call.changes)
    }
  }

  private func finish(_ call: Call, error: RPCError) {
    advance(call, failure: error, { $0.finish() }) { outbox in
      outbox.add(error: error, id: call.id.raw, batch: call.batch)
    }
  }

  /// Ends a call early.
  func cancel(_ call: Call, _ reason: CancelReason) {
    guard let error = reason.error else { return }
    advance(
      call, failure: error,
      { life in
        let actions = life.cancel(reason)
        call.cancelReason.store(life.cancelReason, ordering: .releasing)
        return actions
      }
    ) { outbox in
      outbox.add(error: error, id: call.id.raw, batch: call.batch)
    }
  }

  /// Moves a call on, and does what follows. `answer` adds its answer, if the call is to be answered.
  private func advance(
    _ call: Call, failure: RPCError?, _ event: (inout CallLife) -> CallLife.Actions,
    answer: (inout Outbox) -> Void
  ) {
    let duration = monotonicNanoseconds() - call.arrival
    let (actions, handles) = change { state in
      // A copy, as everywhere else: an access that lasts while a closure runs would be checked at run time.
      var life = call.life
      let actions = event(&life)
      call.life = life
      if actions.contains(.answer) {
        if !call.id.isNotification { answer(&state.outbox) }
        state.records[call.methodIndex].record(nanoseconds: duration, failed: failure != nil)
      }
      state.perform(actions, for: call)
      guard !actions.isEmpty else { return (actions, Call.Handles()) }
      var handles = call.takeHandles(for: actions)
      if let batch = call.batch, actions.contains(.runAnswerHandlers) {
        handles.afterAnswer = state.outbox.follow(batch, with: handles.afterAnswer)
      }
      return (actions, handles)
    }
    if actions.contains(.cancelTimer) { handles.timer?.cancel() }
    if actions.contains(.runAnswerHandlers) { for handler in handles.afterAnswer { handler() } }
    if actions.contains(.cancelTask) { handles.running?.cancel() }
    if actions.contains(.wake) {
      handles.waiting?.wake()
      handles.roomWait?.wake()
    }
    if actions.contains(.runCancelHandlers) { for handler in handles.onCancel { handler() } }
    if actions.contains(.answer) { log(call.id, call.methodIndex, duration: duration, failure: failure) }
  }

  /// Tells a call's life of something that was made for the call; `keep` keeps it if it is needed later.
  func offer(
    _ call: Call, _ event: (CallLife) -> CallLife.Actions, keep: (inout Call.Handles) -> Void
  ) -> CallLife.Actions {
    state.withLock { _ in
      let actions = event(call.life)
      if actions.contains(.keep) {
        var handles = call.handles
        keep(&handles)
        call.handles = handles
      }
      return actions
    }
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

  /// Cancels every call, because nobody is there to read the answers.
  func cancelAll() {
    for call in state.withLock({ Array($0.inFlight.all) }) { cancel(call, .cancelled) }
  }

  /// Ends the waiting of every call.
  func endWaiting() {
    for waiting in state.withLock({ $0.inFlight.all.compactMap(\.handles.waiting) }) { waiting.end() }
  }
}

extension ConnectionState {
  /// Carries out what has to be done under the lock.
  mutating func perform(_ actions: CallLife.Actions, for call: Call) {
    if actions.contains(.leaveActive) {
      requestBytes -= call.weight
      if let ticket = call.ticket.take() { order.remove(ticket, ready: &ready) }
    }
    if actions.contains(.joinWaiting) { inFlight.startWaiting() }
    if actions.contains(.leaveWaiting) { inFlight.endWaiting() }
    if actions.contains(.answer) {
      inFlight.remove(call.id)
      // From here on the call's answer is counted as output.
      release(call)
    }
  }
}

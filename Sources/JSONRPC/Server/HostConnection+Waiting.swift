import JSON
import Synchronization

/// The services for running calls: waiting, progress, deadlines, and handlers that run after the answer.
extension HostConnection {
  func startWaiting(_ call: Call) throws(RPCError) -> Waiting {
    let waiting = Waiting(cancelReason: { call.cancelReason.load(ordering: .acquiring) })
    let actions = change { state in
      let actions = call.life.startWaiting(
        hasRoom: state.inFlight.waiting < limits.waiting, serverEnds: state.hasEnded)
      if actions.contains(.joinWaiting) { call.handles.waiting = waiting }
      state.perform(actions, for: call)
      return actions
    }
    if actions.contains(.refuseWaiting) {
      throw .limitReached("\(limits.waiting) requests wait already", limit: limits.waiting)
    }
    if actions.contains(.endWaiting) { waiting.end() }
    if actions.contains(.wake) { waiting.wake() }
    return waiting
  }

  func progress(_ call: Call, done: Int, total: Int) {
    guard let token = call.progressToken else { return }
    let now = monotonicNanoseconds()
    change { state in
      guard !call.life.isAnswered, state.outbox.queuedBytes < limits.outputBytes,
        call.progress.admits(done: done, at: now)
      else { return }
      var writer = JSONWriter(reserving: 128)
      writer.beginObject()
      writer.member("jsonrpc", "2.0")
      writer.member("method", "$/progress")
      writer.key("params")
      writer.beginObject()
      writer.member("token", raw: token)
      writer.key("value")
      writer.beginObject()
      writer.member("done", done)
      writer.member("total", total)
      writer.endObject()
      writer.endObject()
      writer.endObject()
      state.outbox.add(notification: onTheWire(writer.bytes))
    }
  }

  func onCancel(_ call: Call, _ handler: @escaping @Sendable () -> Void) {
    let actions = offer(call, { $0.onCancel() }) { $0.onCancel.append(handler) }
    if actions.contains(.runCancelHandlers) { handler() }
  }

  func afterAnswer(_ call: Call, _ handler: @escaping @Sendable () -> Void) {
    let actions = offer(call, { $0.afterAnswer() }) { $0.afterAnswer.append(handler) }
    guard actions.contains(.runAnswerHandlers) else { return }
    let due = state.withLock { state in
      call.batch.map { state.outbox.follow($0, with: [handler]) } ?? [handler]
    }
    for handler in due { handler() }
  }

  /// Sets the timer of a call that has a deadline.
  func setTimer(_ call: Call) {
    guard let deadline = call.deadline else { return }
    let timer = Task {
      // The timer is cancelled when the call is answered.
      do { try await Task.sleep(until: deadline, clock: .continuous) } catch { return }
      self.cancel(call, .deadline)
    }
    let actions = offer(call, { $0.timerBegan() }) { $0.timer = timer }
    if actions.contains(.cancelTimer) { timer.cancel() }
  }
}

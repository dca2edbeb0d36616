import JSON
import Synchronization

/// The services for running calls: waiting, progress, deadlines, and handlers that run after the answer.
extension Connection {
  func startWaiting(_ call: Call) throws(RPCError) -> Waiting {
    let waiting = Waiting(cancelReason: { call.cancelReason.load(ordering: .acquiring) })
    let isAllowed = change { state in
      // A call that already waits, or that was answered, changes no count.
      guard call.state.phase == .running else { return true }
      guard state.inFlight.waiting < limits.waiting else { return false }
      call.state.phase = .waiting
      state.requestBytes -= call.weight
      call.state.waiting = waiting
      state.inFlight.startWaiting()
      if let ticket = call.state.ticket {
        call.state.ticket = nil
        state.order.remove(ticket, ready: &state.ready)
      }
      if state.hasEnded { waiting.end() }
      // The call was cancelled before there was anything to wake: the first sleep ends at once.
      if call.cancelReason.load(ordering: .relaxed) != .none { waiting.wake() }
      return true
    }
    guard isAllowed else {
      throw .limitReached("\(limits.waiting) requests wait already", limit: limits.waiting)
    }
    return waiting
  }

  func progress(_ call: Call, done: Int, total: Int) {
    guard let token = call.progressToken else { return }
    let now = monotonicNanoseconds()
    change { state in
      guard call.state.phase != .answered, state.outbox.queuedBytes < limits.outputBytes,
        call.state.progress.admits(done: done, at: now)
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
      state.outbox.add(message: onTheWire(writer.bytes))
    }
  }

  func afterAnswer(_ call: Call, _ handler: @escaping @Sendable () -> Void) {
    let isAnswered = state.withLock { _ in
      if call.state.phase == .answered { return true }
      call.state.afterAnswer.append(handler)
      return false
    }
    if isAnswered { handler() }
  }

  /// Sets the timer of a call that has a deadline.
  func setTimer(_ call: Call) {
    guard let deadline = call.deadline else { return }
    let timer = Task {
      // The timer is cancelled when the call is answered.
      do { try await Task.sleep(until: deadline, clock: .continuous) } catch { return }
      self.cancel(call, .deadline)
    }
    let isAnswered = state.withLock { _ in
      guard call.state.phase != .answered else { return true }
      call.state.timer = timer
      return false
    }
    if isAnswered { timer.cancel() }
  }
}

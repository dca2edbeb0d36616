/// Room for answers that are being made: see `AnswerRoom`.
extension Connection {
  /// Counts `bytes` of a call's answer; false if there is no room for them now.
  func hold(_ bytes: Int, for call: Call) -> Bool {
    state.withLock { state in
      let own = call.state.heldBytes
      guard bytes > own, call.state.phase != .answered else { return true }
      guard state.room.take(bytes - own, own: own, queued: state.outbox.queuedBytes) else { return false }
      call.state.heldBytes = bytes
      return true
    }
  }

  /// Waits until there is room for `bytes` of a call's answer, and counts them.
  func makeRoom(_ bytes: Int, for call: Call) async throws(RPCError) {
    let waiting = Waiting(cancelReason: { call.cancelReason.load(ordering: .acquiring) })
    state.withLock { state in
      // Otherwise two calls that hold some room and want more would wait for one another.
      state.release(call)
      call.state.roomWait = waiting
      state.room.wait(call, for: bytes)
      // The call was cancelled before there was anything to wake: the first sleep ends at once.
      if call.cancelReason.load(ordering: .relaxed) != .none { waiting.wake() }
    }
    grantRoom()
    // The sleep is limited to a day: room or a cancellation wakes the call.
    while !state.withLock({ _ in call.state.heldBytes >= bytes }) {
      try await waiting.sleep(until: .now.advanced(by: .seconds(86_400)))
    }
    state.withLock { _ in call.state.roomWait = nil }
  }

  /// Grants room to the calls whose turn has come. Call this outside the lock, whenever there may be more
  /// room.
  func grantRoom() {
    let granted = state.withLock { $0.grantRoom() }
    // Resumed on the pool: what the calls do next may add to the bytes that the caller is about to write.
    for waiting in granted { Task.detached { waiting.wake() } }
  }
}

extension ConnectionState {
  /// Releases the bytes that are counted for a call's answer.
  mutating func release(_ call: Call) {
    room.release(call.state.heldBytes)
    call.state.heldBytes = 0
  }

  fileprivate mutating func grantRoom() -> [Waiting] {
    var granted: [Waiting] = []
    while let (call, bytes) = room.next(queued: outbox.queuedBytes) {
      // A call that was cancelled meanwhile, or that asks again, is passed over.
      guard call.state.phase != .answered, let waiting = call.state.roomWait,
        call.cancelReason.load(ordering: .relaxed) == .none
      else { continue }
      room.hold(bytes)
      call.state.heldBytes = bytes
      granted.append(waiting)
    }
    return granted
  }
}

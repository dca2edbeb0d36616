/// Room for answers that are being made: see `AnswerRoom`.
extension HostConnection {
  /// Counts `bytes` of a call's answer; false if there is no room for them now.
  func hold(_ bytes: Int, for call: Call) -> Bool {
    state.withLock { state in
      let own = call.heldBytes
      guard bytes > own, !call.life.isAnswered else { return true }
      guard state.room.take(bytes - own, own: own, queued: state.outbox.queuedBytes) else { return false }
      call.heldBytes = bytes
      return true
    }
  }

  /// Waits until there is room for `bytes` of a call's answer, and counts them.
  func makeRoom(_ bytes: Int, for call: Call) async throws(RPCError) {
    let waiting = Waiting(cancelReason: { call.cancelReason.load(ordering: .acquiring) })
    let actions = state.withLock { state in
      // Otherwise two calls that hold some room and want more would wait for one another.
      state.release(call)
      call.handles.roomWait = waiting
      state.room.wait(call, for: bytes)
      return call.life.awaitRoom()
    }
    if actions.contains(.wake) { waiting.wake() }
    grantRoom()
    // The sleep is limited to a day: room or a cancellation wakes the call.
    while !state.withLock({ _ in call.heldBytes >= bytes }) {
      try await waiting.sleep(until: .now.advanced(by: .seconds(86_400)))
    }
    state.withLock { _ in call.handles.roomWait = nil }
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
    room.release(call.heldBytes)
    call.heldBytes = 0
  }

  fileprivate mutating func grantRoom() -> [Waiting] {
    var granted: [Waiting] = []
    while let (call, bytes) = room.next(queued: outbox.queuedBytes) {
      // A call that was cancelled meanwhile, or that asks again, is passed over.
      guard call.life.mayHaveRoom, let waiting = call.handles.roomWait else { continue }
      room.hold(bytes)
      call.heldBytes = bytes
      granted.append(waiting)
    }
    return granted
  }
}

import JSON

/// Notifications of the service's own, such as events.
extension HostConnection {
  func notify(method: StaticString, params: [UInt8]) -> Bool {
    let message = message(method, params)
    return change { state in
      guard !state.outbox.isClosed, state.outbox.queuedBytes < limits.outputBytes else { return false }
      state.outbox.add(notification: message)
      return true
    }
  }

  var hasEventRoom: Bool {
    state.withLock { $0.eventRoom.isOpen(queued: $0.outbox.queuedBytes) }
  }

  var eventRoomBytes: Int { EventRoom(outputBytes: limits.outputBytes).bytes }

  func send(_ events: [Event]) {
    let messages = events.map { (isWanted: $0.isWanted, bytes: message($0.method, $0.params)) }
    change { state in
      for message in messages where message.isWanted() { state.outbox.add(notification: message.bytes) }
    }
  }

  func whenEventRoom(_ handler: @escaping @Sendable () -> Void) {
    let isOpen = state.withLock { state in
      if state.eventRoom.hasReturned(queued: state.outbox.queuedBytes) { return true }
      state.eventRoom.wait(handler)
      return false
    }
    if isOpen { handler() }
  }

  /// Tells those who wait for room for events that there is some. Call this outside the lock.
  func tellEventRoom() {
    let handlers = state.withLock { $0.eventRoom.takeWaiting(queued: $0.outbox.queuedBytes) }
    for handler in handlers { handler() }
  }

  func whenEnded(_ handler: @escaping @Sendable () -> Void) {
    let hasEnded = state.withLock { state in
      if !state.hasEnded { state.atEnd.append(handler) }
      return state.hasEnded
    }
    if hasEnded { handler() }
  }

  /// Accepts no more requests, and tells those who have to do something then.
  func endRequests() {
    let handlers = state.withLock { state in
      state.hasEnded = true
      defer { state.atEnd = [] }
      return state.atEnd
    }
    endWaiting()
    for handler in handlers { handler() }
  }

  private func message(_ method: StaticString, _ params: [UInt8]) -> [UInt8] {
    var writer = JSONWriter(reserving: params.count + 64)
    writer.beginObject()
    writer.member("jsonrpc", "2.0")
    writer.key("method")
    writer.string(method)
    writer.member("params", raw: onTheWire(params))
    writer.endObject()
    return writer.bytes
  }
}

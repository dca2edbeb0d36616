import JSON
import Logging
import Synchronization

/// Requests as they arrive: read, checked, and accepted or refused, one message after the other on the
/// reading thread.
extension HostConnection {
  /// Takes one frame, after waiting for room. Does nothing if the thread is told to stop meanwhile.
  func receive(_ frame: Frame) {
    observe(frame)
    switch frame {
    case .message(let bytes):
      switch Packet(parsing: bytes, limits: limits) {
      case .single(let envelope): receive(envelope, size: bytes.count, batch: nil)
      case .batch(let items): receive(batch: items)
      case .refused(let error): reply(error: error, id: nil, batch: nil)
      case .refusedRequest(let error, let id): reply(error: error, id: id, batch: nil)
      case .refusedBatch(let error, let ids): refuse(batch: ids, error)
      }
    case .oversize: reply(error: .messageTooLarge(limit: limits.requestBytes), id: nil, batch: nil)
    case .lostSync(let reason): reply(error: .parseError(reason), id: nil, batch: nil)
    }
  }

  private func observe(_ frame: Frame) {
    guard let observer else { return }
    switch frame {
    case .message(let bytes): observer.received(bytes)
    case .oversize: observer.receivedUnreadable("a message over the limit of \(limits.requestBytes) bytes")
    case .lostSync(let reason): observer.receivedUnreadable(reason)
    }
  }

  private func receive(batch items: JSON) {
    let batch = state.withLock { $0.outbox.openBatch() }
    for item in items.elements where !isStopping {
      receive(Envelope(item), size: item.raw.count, batch: batch)
    }
    close(batch: batch)
  }

  private func refuse(batch ids: [RequestID?], _ error: RPCError) {
    let batch = state.withLock { $0.outbox.openBatch() }
    for id in ids where !isStopping { reply(error: error, id: id, batch: batch) }
    close(batch: batch)
  }

  private func close(batch: Int) {
    let due = change { state in
      state.outbox.closeBatch(batch)
      return state.outbox.takeDue()
    }
    for handler in due { handler() }
  }

  private func receive(_ envelope: Envelope, size: Int, batch: Int?) {
    switch envelope {
    case .response: break
    case .invalid(let id, let error): reply(error: error, id: id, batch: batch)
    case .positional(let id, let method):
      if handle(wireMethod: method, params: nil, id: id, batch: batch) { return }
      refuse(
        .invalidParams(pointer: "", message: "parameters are given by name"), id: id, method: method,
        batch: batch)
    case .call(let id, let method, let params):
      if handle(wireMethod: method, params: params, id: id, batch: batch) { return }
      call(method, params, id: id, size: size, batch: batch)
    }
  }

  private func call(_ method: JSON, _ params: JSON?, id: RequestID?, size: Int, batch: Int?) {
    let prepared: PreparedCall
    let meta: RequestMeta
    do throws(RPCError) {
      prepared = try service.prepare(method: method, params: params)
      meta = try RequestMeta(params)
    } catch {
      refuse(error, id: id, method: method, batch: batch)
      return
    }
    if let result = prepared.result {
      answer(result, methodIndex: prepared.methodIndex, id: id, batch: batch)
      return
    }
    guard
      let call = withRoom(
        batch,
        { state -> Call? in
          let key = id ?? state.inFlight.notificationID()
          if let batch, let refusal = state.outbox.refusal(of: batch) {
            if id != nil { add(error: refusal, id: id, batch: batch, to: &state) }
            return nil
          }
          let call = Call(prepared, id: key, size: size, batch: batch, meta: meta, connection: self)
          if accept(call, dependencies: prepared.dependencies, in: &state) { return call }
          add(error: .duplicate(key), id: nil, batch: batch, to: &state)
          return nil
        }), let call
    else { return }
    if call.deadline != nil { setTimer(call) }
  }

  /// Answers a call whose result is known already: it is never in flight.
  private func answer(_ result: [UInt8], methodIndex: Int, id: RequestID?, batch: Int?) {
    let arrival = monotonicNanoseconds()
    let result = onTheWire(result)
    let isAnswered = withRoom(batch) { state -> Bool in
      if let batch, let refusal = state.outbox.refusal(of: batch) {
        if id != nil { add(error: refusal, id: id, batch: batch, to: &state) }
        return false
      }
      if let id {
        guard state.inFlight[id] == nil else {
          add(error: .duplicate(id), id: nil, batch: batch, to: &state)
          return false
        }
        if let batch { state.outbox.expectAnswer(in: batch) }
        state.outbox.add(result: result, id: id.raw, batch: batch)
      }
      state.records[methodIndex].record(nanoseconds: monotonicNanoseconds() - arrival, failed: false)
      return true
    }
    if isAnswered == true {
      log(id, methodIndex, duration: monotonicNanoseconds() - arrival, failure: nil)
    }
  }

  /// Refuses a call of a method that the service may have, and counts the refusal there.
  private func refuse(_ error: RPCError, id: RequestID?, method: JSON, batch: Int?) {
    if let name = method.string, let index = methods.firstIndex(of: name) {
      state.withLock { $0.records[index].recordRefusal() }
    }
    // JSON-RPC 2.0: a notification is not answered, not even by an error.
    guard let id else { return }
    reply(error: error, id: id, batch: batch)
  }

  /// Answers a request that never became a call.
  func reply(error: RPCError, id: RequestID?, batch: Int?) {
    _ = withRoom(batch) { state in
      if let id, state.inFlight[id] != nil {
        add(error: .duplicate(id), id: nil, batch: batch, to: &state)
      } else {
        add(error: error, id: id, batch: batch, to: &state)
      }
    }
    logger.debug("refused", metadata: ["kind": "\(error.kind.name)", "id": "\(text(of: id))"])
  }

  /// Answers a request of the wire's own methods.
  func reply(result: [UInt8], id: RequestID, batch: Int?) {
    _ = withRoom(batch) { state in
      guard state.inFlight[id] == nil else {
        add(error: .duplicate(id), id: nil, batch: batch, to: &state)
        return
      }
      if let batch { state.outbox.expectAnswer(in: batch) }
      state.outbox.add(result: result, id: id.raw, batch: batch)
    }
  }

  private func add(error: RPCError, id: RequestID?, batch: Int?, to state: inout ConnectionState) {
    if let batch { state.outbox.expectAnswer(in: batch) }
    state.outbox.add(error: error, id: id?.raw, batch: batch)
  }

  /// Whether reading is to stop.
  var isStopping: Bool { stopsReading.load(ordering: .acquiring) != .none }

  /// Changes the state once there is room for one more request. This is where a host is held up if it asks
  /// faster than it is served, or does not read. Nil if reading is to stop first.
  @inline(__always)
  private func withRoom<Result: Sendable>(
    _ batch: Int?, _ body: (inout ConnectionState) -> Result
  ) -> Result? {
    while true {
      let result = change { state -> Result? in
        guard state.hasRoom(limits, batch: batch) else { return nil }
        return body(&state)
      }
      if let result { return result }
      flush()
      let sleeps = state.withLock { state in
        guard !state.hasRoom(limits, batch: batch) else { return false }
        state.readerSleepsFor = .room(batch: batch)
        return true
      }
      if sleeps { readerWake.sleep() }
      state.withLock { $0.readerSleepsFor = .nothing }
      if isStopping { return nil }
    }
  }
}

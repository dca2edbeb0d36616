import JSON

/// What one frame holds: a message, a batch of them, or something that is refused as a whole.
enum Packet: Sendable {
  case single(Envelope)
  /// Between 1 and `limits.batchItems` items, not yet read as envelopes.
  case batch(JSON)
  case refused(RPCError)
  /// One request that can't be read, but for its id.
  case refusedRequest(RPCError, id: RequestID)
  /// A batch that can't be read: an answer for each of its requests, with the ids that can be.
  case refusedBatch(RPCError, ids: [RequestID?])

  init(parsing bytes: [UInt8], limits: Limits) {
    let json: JSON
    do {
      json = try JSON(parsing: bytes, maximumDepth: limits.depth)
    } catch {
      self = Self.refused(
        bytes, .parseError("not JSON: \(error)", offset: error.offset), batchItems: limits.batchItems)
      return
    }
    guard json.kind == .array else {
      self = .single(Envelope(json))
      return
    }
    switch json.count {
    case 0: self = .refused(.invalidRequest("an empty batch"))
    case 1...limits.batchItems: self = .batch(json)
    default: self = .refused(.invalidRequest("a batch has at most \(limits.batchItems) items"))
    }
  }
}

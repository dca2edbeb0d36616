import JSON

/// The content of one frame: a message, a batch of messages, or something that is refused as a whole.
enum Packet: Sendable {
  case single(Envelope)
  /// Between 1 and `limits.batchItems` items that are not yet read as envelopes.
  case batch(JSON)
  case refused(RPCError)
  /// One request of which only the id can be read.
  case refusedRequest(RPCError, id: RequestID)
  /// A batch that can't be parsed. Each of its requests gets an answer, with its id if that can be read.
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

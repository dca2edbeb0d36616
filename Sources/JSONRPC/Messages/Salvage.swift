import JSON

/// The answers to a text that can't be parsed. If only values are at fault, and quotes, brackets, colons and
/// commas are all in their places, an id that can be read belongs to its request. In any other text nothing
/// is certain.
extension Packet {
  static func refused(_ bytes: [UInt8], _ error: RPCError, batchItems: Int) -> Packet {
    guard let outline = Outline(of: bytes[...]) else { return .refused(error) }
    switch outline.kind {
    case .scalar: return .refused(error)
    case .object:
      if case .request(let id?) = Salvage(outline) { return .refusedRequest(error, id: id) }
      return .refused(error)
    case .array:
      let ids = ids(of: outline, atMost: batchItems) ?? []
      return ids.contains { $0 != nil } ? .refusedBatch(error, ids: ids) : .refused(error)
    }
  }

  /// The ids of the items that are answered; nil if there are too many items.
  private static func ids(of batch: Outline, atMost limit: Int) -> [RequestID?]? {
    var ids: [RequestID?] = []
    var count = 0
    batch.forEachElement { element in
      count += 1
      // An element of a whole text is whole itself.
      guard count <= limit, let item = Outline(of: element) else { return }
      if case .request(let id) = Salvage(item) { ids.append(id) }
    }
    return count <= limit ? ids : nil
  }
}

/// The certain facts about one message in a text that can't be parsed.
private enum Salvage {
  /// A request. It is answered, with its id if that is certain.
  case request(id: RequestID?)
  /// A notification, or an answer to a request that the server never made.
  case unanswered

  init(_ outline: Outline) {
    guard outline.kind == .object else {
      self = .request(id: nil)
      return
    }
    var ids: [ArraySlice<UInt8>] = []
    var hasMethod = false
    var hasOutcome = false
    outline.forEachMember { key, value in
      if Self.key(key, is: "id") { ids.append(value) }
      if Self.key(key, is: "method") { hasMethod = true }
      if Self.key(key, is: "result") || Self.key(key, is: "error") { hasOutcome = true }
    }
    if hasMethod ? ids.isEmpty : hasOutcome {
      self = .unanswered
    } else {
      // An id that is given twice does not count.
      self = .request(id: ids.count == 1 ? Self.parse(ids[0]).flatMap(RequestID.init) : nil)
    }
  }

  private static func key(_ key: ArraySlice<UInt8>, is name: StaticString) -> Bool {
    // Each character may be written as an escape of six bytes.
    key.count <= 6 * name.utf8CodeUnitCount + 2 && parse(key)?.equals(name) == true
  }

  /// Parses a value; nil if the value itself is at fault.
  private static func parse(_ value: ArraySlice<UInt8>) -> JSON? {
    guard value.count <= RequestID.longest else { return nil }
    do { return try JSON(parsing: Array(value)) } catch { return nil }
  }
}

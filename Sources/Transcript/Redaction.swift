import JSON

/// Takes what people wrote out of requests and answers, and leaves what a conversation hangs on: methods, ids,
/// names of inboxes, paging, marks. What is taken out becomes text of the same length, the same for the same
/// text within one process, so that limits, retries and conflicts come out as they did.
struct Redaction: Sendable {
  /// Whether nothing is taken out.
  let keepsContent: Bool

  /// Parameters that hold no text of people and are needed to see a fault.
  private static let harmless: Set<String> = [
    "team_id", "user_id", "receiver_id", "reader_id", "reader_ids", "message_type", "idempotency_key", "nid",
    "nids", "up_to", "all", "cursor", "pageSize", "pageNo", "self", "view", "order", "team_ids", "account",
    "from", "wait_ms", "subscription", "_meta", "progressToken", "timeout_ms", "id", "value",
  ]

  /// Parameters with text of people, which answers repeat.
  private static let content: Set<String> = ["content", "username", "team_name"]

  /// Whether a text may be the name of a parameter, right or wrong, or a JSON Pointer to one: a few ASCII
  /// letters, digits and signs.
  static func isName(_ text: String) -> Bool {
    text.utf8.count <= 64
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "_-$/".utf8.contains(byte)
        }
      }
  }

  /// Whether a member of an answer holds text of people.
  static func isContent(_ name: String) -> Bool { content.contains(name) }

  /// Writes a request's `params`. `fill` writes a string that may stand for a placeholder; false if it does not.
  func write(params: JSON, to writer: inout JSONWriter, fill: (JSON, inout JSONWriter) -> Bool) {
    guard params.kind == .object else { return blank(params, to: &writer) }
    writer.beginObject()
    for (key, value) in params.members {
      let name = key.string ?? ""
      writer.key(keepsContent || Self.isName(name) ? name : Self.stand(in: name))
      if keepsContent || Self.harmless.contains(name) {
        write(harmless: value, to: &writer, fill: fill)
      } else if name == "data", value.kind == .object {
        write(data: value, to: &writer)
      } else {
        blank(value, to: &writer)
      }
    }
    writer.endObject()
  }

  private func write(
    harmless value: JSON, to writer: inout JSONWriter, fill: (JSON, inout JSONWriter) -> Bool
  ) {
    switch value.kind {
    case .string:
      if !fill(value, &writer) { writer.raw(value.raw) }
    case .array:
      writer.beginArray()
      for item in value.elements { write(harmless: item, to: &writer, fill: fill) }
      writer.endArray()
    case .object where !keepsContent: write(params: value, to: &writer, fill: fill)
    case .object, .null, .bool, .number: writer.raw(value.raw)
    }
  }

  /// Writes a message's text.
  func write(content value: JSON, to writer: inout JSONWriter) {
    if keepsContent { writer.raw(value.raw) } else { blank(value, to: &writer) }
  }

  /// Writes a message's `data`: an object of as many bytes.
  func write(data value: JSON, to writer: inout JSONWriter) {
    let length = value.raw.count
    guard !keepsContent, length > 2 else { return writer.raw(value.raw) }
    let shortest = #"{"":""}"#.utf8.count
    guard length >= shortest else {
      return writer.raw(Array("{\(String(repeating: " ", count: length - 2))}".utf8))
    }
    let text = Self.stand(in: String(decoding: value.raw, as: UTF8.self), length: length - shortest)
    writer.raw(Array(#"{"":"\#(text)"}"#.utf8))
  }

  /// Writes a value of the same kind, and for a string of the same length, that says nothing.
  private func blank(_ value: JSON, to writer: inout JSONWriter) {
    if keepsContent { return writer.raw(value.raw) }
    switch value.kind {
    case .null, .bool: writer.raw(value.raw)
    case .number: writer.raw("0")
    case .string: writer.string(Self.stand(in: value.string ?? ""))
    case .array: writer.raw("[]")
    case .object: writer.raw("{}")
    }
  }

  /// As many bytes as `text` has: a digest whose key is this process's own, then filling.
  private static func stand(in text: String) -> String { stand(in: text, length: text.utf8.count) }

  private static func stand(in text: String, length: Int) -> String {
    // Hasher is seeded anew in every process, and nobody learns the seed.
    var hasher = Hasher()
    hasher.combine(text)
    let digest = String(UInt32(truncatingIfNeeded: hasher.finalize()), radix: 16)
    return digest.utf8.count >= length
      ? String(digest.prefix(length)) : digest + String(repeating: "x", count: length - digest.utf8.count)
  }
}

import JSON

/// Takes what people wrote out of requests and answers, and leaves what a conversation hangs on: methods, ids,
/// names of inboxes, paging, marks. What is taken out becomes text of the same length, the same for the same
/// text within one process, so that limits, retries and conflicts come out as they did.
struct Redaction: Sendable {
  /// Whether nothing is taken out.
  let keepsContent: Bool

  /// How a parameter that holds no text of people, and is needed to see a fault, looks when it is in order. What
  /// looks otherwise may be anything.
  private enum Form {
    /// A text of at most so many bytes.
    case text(Int)
    /// A number, a truth value, or a word for one.
    case value
    /// A text or several.
    case texts(Int)
    /// An object of members that are here themselves.
    case members
  }

  private static let harmless: [String: Form] = [
    "team_id": .text(128), "user_id": .text(128), "receiver_id": .text(128), "reader_id": .text(128),
    "reader_ids": .texts(128), "message_type": .texts(128), "idempotency_key": .text(128),
    "nid": .text(1_024),
    "nids": .texts(1_024), "up_to": .text(1_024), "all": .value, "cursor": .text(4_096), "pageSize": .value,
    "pageNo": .value, "self": .value, "view": .value, "order": .value, "team_ids": .texts(128),
    "account": .value,
    "from": .value, "wait_ms": .value, "subscription": .text(4_096), "_meta": .members,
    "progressToken": .text(Self.idBytes), "timeout_ms": .value, "id": .text(Self.idBytes), "value": .value,
  ]

  /// Ids are kept up to so many bytes.
  private static let idBytes = 64

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

  /// Whether a JSON Pointer may be written: it names parameters, and no key of what somebody sent as `data`.
  func keeps(pointer: String) -> Bool {
    Self.isName(pointer) && (keepsContent || !pointer.hasPrefix("/data/"))
  }

  /// Whether a text is a value that the contract knows: a few digits, or one of its words.
  private static func isWord(_ text: String) -> Bool {
    words.contains(text) || text.utf8.count <= 20 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static let words: Set<String> = [
    "true", "false", "inbox", "unread", "read", "archived", "all", "newest", "oldest", "unread_first", "now",
    "start",
  ]

  /// Whether a member of an answer holds text of people.
  static func isContent(_ name: String) -> Bool { content.contains(name) }

  /// A key as it may be written.
  func key(_ name: String) -> String { keepsContent || Self.isName(name) ? name : Self.stand(in: name) }

  /// Writes a request's `id`, or the same id of its answer: an id that is text stays one, and what is no id
  /// stays none.
  func write(id: JSON, to writer: inout JSONWriter) {
    if keepsContent { return writer.raw(id.raw) }
    switch id.kind {
    case .string where id.raw.count <= Self.idBytes: writer.raw(id.raw)
    case .string where id.raw.count > Self.longestID:
      writer.string(String(repeating: "x", count: id.raw.count))
    case .string: writer.string(Self.stand(in: id.string ?? ""))
    case .number where id.isInteger && id.raw.count <= Self.idBytes: writer.raw(id.raw)
    case .number where id.isInteger && id.raw.count <= Self.longestID: writer.raw(Self.digits(for: id))
    case .number: writer.raw("0.5")
    case .null, .bool, .array, .object: blank(id, to: &writer)
    }
  }

  /// What the wire takes for an id has at most so many bytes as it is sent.
  private static let longestID = 1_024

  /// Digits that stand for others.
  private static func digits(for number: JSON) -> String {
    var hasher = Hasher()
    hasher.combine(Array(number.raw))
    return "1\(UInt(bitPattern: hasher.finalize()))"
  }

  /// Writes a request's `method`: the name of one, or text that is none.
  func write(method: JSON, to writer: inout JSONWriter) {
    guard !keepsContent, method.string.map(Self.isMethod) != true else { return writer.raw(method.raw) }
    blank(method, to: &writer)
  }

  /// A method's name may have dots.
  private static func isMethod(_ name: String) -> Bool {
    isName(String(name.filter { $0 != "." })) && !name.isEmpty
  }

  /// Writes a request's `jsonrpc`.
  func write(version: JSON, to writer: inout JSONWriter) {
    guard !keepsContent, !version.equals("2.0") else { return writer.raw(version.raw) }
    blank(version, to: &writer)
  }

  /// Writes a request's `params`. `fill` writes a string that may stand for a placeholder; false if it does not.
  func write(params: JSON, to writer: inout JSONWriter, fill: (JSON, inout JSONWriter) -> Bool) {
    guard params.kind == .object else {
      // Parameters by place are refused, an empty array is none at all.
      if params.kind == .array, params.count > 0 { return writer.raw("[0]") }
      return blank(params, to: &writer)
    }
    writer.beginObject()
    for (key, value) in params.members {
      let name = key.string ?? ""
      writer.key(self.key(name))
      if keepsContent {
        write(whole: value, to: &writer, fill: fill)
      } else if let form = Self.harmless[name] {
        write(harmless: value, form, isID: name == "id" || name == "progressToken", to: &writer, fill: fill)
      } else if name == "data", value.kind == .object {
        write(data: value, to: &writer)
      } else {
        blank(value, to: &writer)
      }
    }
    writer.endObject()
  }

  /// Writes a value of which nothing is left out.
  private func write(
    whole value: JSON, to writer: inout JSONWriter, fill: (JSON, inout JSONWriter) -> Bool
  ) {
    switch value.kind {
    case .string:
      if !fill(value, &writer) { writer.raw(value.raw) }
    case .array:
      writer.beginArray()
      for item in value.elements { write(whole: item, to: &writer, fill: fill) }
      writer.endArray()
    case .object, .null, .bool, .number: writer.raw(value.raw)
    }
  }

  private func write(
    harmless value: JSON, _ form: Form, isID: Bool, to writer: inout JSONWriter,
    fill: (JSON, inout JSONWriter) -> Bool
  ) {
    if isID { return write(id: value, to: &writer) }
    switch (value.kind, form) {
    case (.string, .text(let limit)), (.string, .texts(let limit)):
      if (value.string?.utf8.count ?? 0) > limit { return blank(value, to: &writer) }
      if !fill(value, &writer) { writer.raw(value.raw) }
    case (.string, .value) where value.string.map(Self.isWord) == true: writer.raw(value.raw)
    case (.array, .texts):
      writer.beginArray()
      for item in value.elements {
        if item.kind == .string {
          write(harmless: item, form, isID: false, to: &writer, fill: fill)
        } else {
          blank(item, to: &writer)
        }
      }
      writer.endArray()
    case (.number, .value) where value.raw.count <= 20: writer.raw(value.raw)
    case (.object, .members): write(params: value, to: &writer, fill: fill)
    default: blank(value, to: &writer)
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
    let refused = #"{"":1e9999"#.utf8.count
    if length > refused, value.unfitNumber(digits: 1_000) != nil {
      // It is refused for a number, and so is what stands for it.
      return writer.raw(Array(#"{"":1e9999\#(String(repeating: " ", count: length - refused - 1))}"#.utf8))
    }
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

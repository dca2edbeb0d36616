import JSON

/// Removes the text that people wrote from requests and answers, and keeps everything on which a conversation
/// depends: methods, ids, names of inboxes, paging, marks. Removed text is replaced by text of the same
/// length, and within one process the same text always by the same, so that limits, retries and conflicts
/// have the same results.
struct Redaction: Sendable {
  /// Whether nothing is removed.
  let keepsContent: Bool

  /// The valid form of a parameter that holds no text of people and is needed to see a fault. A value in
  /// another form may be anything.
  private enum Form {
    /// A string of at most this many bytes.
    case text(Int)
    /// A number, a boolean, or a word for one.
    case value
    /// A string, or an array of strings, of at most this many bytes each.
    case texts(Int)
    /// An object whose members have forms of their own, or an array of such objects.
    case members
  }

  private static let harmless: [String: Form] = [
    "team_id": .text(128), "user_id": .text(128), "receiver_id": .text(128), "reader_id": .text(128),
    "reader_ids": .texts(128), "message_type": .texts(128), "idempotency_key": .text(128),
    "nid": .text(1_024),
    "nids": .texts(1_024), "up_to": .text(1_024), "all": .value, "cursor": .text(4_096), "pageSize": .value,
    "pageNo": .value, "self": .value, "view": .value, "order": .value, "team_ids": .texts(128),
    "account": .value,
    "from": .value, "wait_ms": .value, "subscription": .value, "detail": .value,
    "inboxes": .members, "_meta": .members,
    "progressToken": .text(Self.idBytes), "timeout_ms": .value, "id": .text(Self.idBytes), "value": .value,
    "create_time": .text(64), "read": .value, "seen": .value, "archived": .value,
  ]

  /// The size, in bytes, up to which ids are kept.
  private static let idBytes = 64

  /// The parameters with text of people that answers repeat.
  private static let content: Set<String> = ["content", "username", "team_name"]

  /// Whether a text may be the name of a parameter, valid or not, or a JSON Pointer to one: a few ASCII
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

  /// Whether a text is a value of the contract: a few digits, or one of its words.
  private static func isWord(_ text: String) -> Bool {
    words.contains(text) || text.utf8.count <= 20 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static let words: Set<String> = [
    "true", "false", "messages", "counts", "inbox", "unread", "read", "archived", "all", "newest", "oldest",
    "unread_first", "now",
    "start",
  ]

  /// Whether a member of an answer holds text of people.
  static func isContent(_ name: String) -> Bool { content.contains(name) }

  /// The text that is written for a key.
  func key(_ name: String) -> String { keepsContent || Self.isName(name) ? name : Self.stand(in: name) }

  /// Writes a request's `id`, or the same id in its answer: a string id stays a string, and a value that is
  /// not a valid id stays invalid.
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

  /// The largest size of a valid id, in bytes as sent.
  private static let longestID = 1_024

  /// Digits that replace those of another number.
  private static func digits(for number: JSON) -> String {
    var hasher = Hasher()
    hasher.combine(Array(number.raw))
    return "1\(UInt(bitPattern: hasher.finalize()))"
  }

  /// Writes a request's `method`: a method's name, or a text that can't be one.
  func write(method: JSON, to writer: inout JSONWriter) {
    guard !keepsContent, method.string.map(Self.isMethod) != true else { return writer.raw(method.raw) }
    blank(method, to: &writer)
  }

  /// Whether a text may be a method's name, which may contain dots.
  private static func isMethod(_ name: String) -> Bool {
    isName(String(name.filter { $0 != "." })) && !name.isEmpty
  }

  /// Writes a request's `jsonrpc`.
  func write(version: JSON, to writer: inout JSONWriter) {
    guard !keepsContent, !version.equals("2.0") else { return writer.raw(version.raw) }
    blank(version, to: &writer)
  }

  /// Writes a request's `params`. `fill` writes a string for which there may be a placeholder; false if there
  /// is none.
  func write(params: JSON, to writer: inout JSONWriter, fill: (JSON, inout JSONWriter) -> Bool) {
    guard params.kind == .object else {
      // Parameters by position are refused; an empty array counts as no parameters.
      if params.kind == .array, params.count > 0 { return writer.raw("[0]") }
      return blank(params, to: &writer)
    }
    write(members: params, to: &writer, fill: fill) { messages, writer in
      // Each message that is imported has the members of a send.
      writer.beginArray()
      for message in messages.elements {
        if message.kind == .object {
          write(members: message, to: &writer, fill: fill) { blank($0, to: &$1) }
        } else {
          blank(message, to: &writer)
        }
      }
      writer.endArray()
    }
  }

  private func write(
    members object: JSON, to writer: inout JSONWriter, fill: (JSON, inout JSONWriter) -> Bool,
    messages: (JSON, inout JSONWriter) -> Void
  ) {
    writer.beginObject()
    for (key, value) in object.members {
      let name = key.string ?? ""
      writer.key(self.key(name))
      if keepsContent {
        write(whole: value, to: &writer, fill: fill)
      } else if let form = Self.harmless[name] {
        write(harmless: value, form, isID: name == "id" || name == "progressToken", to: &writer, fill: fill)
      } else if name == "data", value.kind == .object {
        write(data: value, atMost: Self.dataBytes, to: &writer)
      } else if name == "messages", value.kind == .array {
        messages(value, &writer)
      } else {
        blank(value, to: &writer)
      }
    }
    writer.endObject()
  }

  /// Writes a whole value, with nothing removed.
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
    case (.array, .members):
      writer.beginArray()
      for item in value.elements {
        if item.kind == .object {
          write(params: item, to: &writer, fill: fill)
        } else {
          blank(item, to: &writer)
        }
      }
      writer.endArray()
    default: blank(value, to: &writer)
    }
  }

  /// Writes a message's content.
  func write(content value: JSON, to writer: inout JSONWriter) {
    if keepsContent { writer.raw(value.raw) } else { blank(value, to: &writer) }
  }

  /// The size, in bytes, up to which `data` is accepted.
  private static let dataBytes = 65_536

  /// Writes a message's `data`: an object of the same number of bytes, an escape for a line end counted as the
  /// character. One of more than `limit` bytes stays as large as it is.
  func write(data value: JSON, atMost limit: Int = .max, to writer: inout JSONWriter) {
    guard !keepsContent else { return writer.raw(value.raw) }
    let plain = Self.withPlainLineEnds(value.raw)
    let length = value.raw.count > limit ? value.raw.count : plain.count
    guard length > 2 else { return writer.raw(value.raw) }
    let refused = #"{"":1e9999"#.utf8.count
    if length > refused, value.unfitNumber(digits: 1_000) != nil {
      // It is refused for a number, and so is what stands for it.
      return writer.raw(Array(#"{"":1e9999\#(String(repeating: " ", count: length - refused - 1))}"#.utf8))
    }
    let shortest = #"{"":""}"#.utf8.count
    guard length >= shortest else {
      return writer.raw(Array("{\(String(repeating: " ", count: length - 2))}".utf8))
    }
    let text = Self.stand(in: String(decoding: plain, as: UTF8.self), length: length - shortest)
    writer.raw(Array(#"{"":"\#(text)"}"#.utf8))
  }

  /// Writes an empty value of the same kind, or for a string a replacement of the same length.
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

  /// A replacement of as many bytes as `text`: a digest with a key of this process alone, then filling.
  private static func stand(in text: String) -> String { stand(in: text, length: text.utf8.count) }

  private static func stand(in text: String, length: Int) -> String {
    // Hasher has a new seed in every process, and nobody learns the seed.
    var hasher = Hasher()
    hasher.combine(text)
    let digest = String(UInt32(truncatingIfNeeded: hasher.finalize()), radix: 16)
    return digest.utf8.count >= length
      ? String(digest.prefix(length)) : digest + String(repeating: "x", count: length - digest.utf8.count)
  }
}

import JSON

/// Turns a conversation, message by message, into the steps of a transcript. The values that differ from run
/// to run become placeholders: nids, cursors, times, and the text of errors.
///
/// Give the messages in an order in which the host may have seen them: an answer before every request that
/// may depend on it.
public struct Recorder: Sendable {
  private let redaction: Redaction
  /// The nids and cursors in the answers so far: a request that repeats one gets its placeholder.
  private var known: [String: StaticString] = [:]
  /// The ids of requests whose results are about the program rather than the conversation.
  private var loose: Set<[UInt8]> = []

  /// The number of messages that were left out and whose errors have not been sent yet: those are left out
  /// too.
  private var leftOut = 0

  private let maximumDepth: Int

  /// Every double has so many digits at most, about.
  private static let digits = 300
  /// The depth to which answers are parsed; no answer is deeper.
  private static let depth = 1_002
  /// The methods whose results differ from run to run, or from version to version.
  private static let looseMethods: [StaticString] = ["get_status", "rpc.discover", "initialize"]

  /// Creates a recorder.
  ///
  /// - Parameters:
  ///   - keepsContent: whether text that people wrote is kept: the content, data and names of messages.
  ///   - maximumDepth: the greatest depth of nested arrays and objects in a request.
  public init(keepsContent: Bool, maximumDepth: Int = 128) {
    redaction = Redaction(keepsContent: keepsContent)
    self.maximumDepth = maximumDepth
  }

  /// The step for the end of the program with this exit status.
  public static func exit(_ status: Int32) -> [UInt8] {
    step("exit") { $0.raw("\(status)") }
  }

  /// The step for a comment.
  public static func comment(_ text: String) -> [UInt8] {
    step("comment") { $0.string(text) }
  }

  /// Returns the steps for a message from the host.
  public mutating func received(_ message: [UInt8]) -> [UInt8] {
    guard let json = Self.parse(message, maximumDepth) else { return unreadable(message) }
    if json.kind == .string {
      // A string written as it is would be a step that sends its text without the quotes.
      let text = redaction.keepsContent ? json.text : "\"\""
      return Self.step("send") { $0.string(text) }
    }
    var writer = JSONWriter()
    if json.kind == .array {
      writer.beginArray()
      for item in json.elements { write(request: item, to: &writer) }
      writer.endArray()
    } else {
      write(request: json, to: &writer)
    }
    let request = writer.bytes
    // What plays it in another language may hold no number of that size: it sends text as it is.
    let isText = Self.parse(request, maximumDepth)?.unfitNumber(digits: Self.digits) != nil
    return Self.step("send") { step in
      if isText {
        step.string(String(decoding: request.without(.lineEnds), as: UTF8.self))
      } else {
        step.raw(request)
      }
    }
  }

  /// Returns the steps for input from the host that was not kept, and so can't be sent again.
  public mutating func receivedUnreadable(_ reason: String) -> [UInt8] {
    leftOut += 1
    return Self.comment("left out: \(reason)")
  }

  /// Returns the steps for a message from the program.
  public mutating func sent(_ message: [UInt8]) -> [UInt8] {
    guard let json = Self.parse(message, Self.depth) else { return [] }
    if json.kind == .array {
      return Self.step("expect_batch") { writer in
        writer.beginArray()
        for item in json.elements { write(answer: item, to: &writer) }
        writer.endArray()
      }
    }
    // Progress reports depend on the clock.
    if json["method"]?.equals("$/progress") == true { return [] }
    // So do events: what happens twice in a moment may be told once.
    if json["method"]?.equals("inbox_event") == true {
      return Self.comment("inbox_event: \(json["params"]?["event"]?.string ?? "")")
    }
    if leftOut > 0, json["id"]?.isNull == true, let kind = json["error"]?["data"]?["kind"],
      kind.equals("message_too_large") || kind.equals("parse_error")
    {
      leftOut -= 1
      return []
    }
    return Self.step("expect") { write(answer: json, to: &$0) }
  }

  private static func parse(_ bytes: [UInt8], _ depth: Int) -> JSON? {
    do { return try JSON(parsing: bytes, maximumDepth: depth) } catch { return nil }
  }

  private static func step(_ name: StaticString, _ body: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key(name)
    body(&writer)
    writer.endObject()
    // A message with headers may have line breaks between its values; a step must be one line for any reader.
    return writer.bytes.without(.lineEnds) + [0x0A]
  }

  /// The steps for text that is not JSON: the text itself, or other text with the same fault in its place.
  private func unreadable(_ message: [UInt8]) -> [UInt8] {
    if redaction.keepsContent, let text = String(validating: message, as: UTF8.self),
      !message.contains(0x0A)
    {
      return Self.step("send") { $0.string(text) }
    }
    let stand = Outline(of: message[...]).map { redaction.unreadable($0) } ?? "?"
    return Self.comment("\(message.count) bytes that are no JSON, left out")
      + Self.step("send") { $0.string(stand) }
  }

  // MARK: Requests

  private mutating func write(request: JSON, to writer: inout JSONWriter) {
    guard request.kind == .object else { return redaction.write(content: request, to: &writer) }
    let method = request["method"]
    if let method, Self.looseMethods.contains(where: method.equals), let id = request["id"] {
      loose.insert(Array(id.raw).without(.lineEnds))
    }
    writer.beginObject()
    for (key, value) in request.members {
      writer.key(redaction.key(key.string ?? ""))
      if key.equals("params") {
        if method?.equals("initialize") == true, !redaction.keepsContent {
          writer.raw("{}")
        } else {
          redaction.write(params: value, to: &writer, fill: placeholder)
        }
      } else if key.equals("id") {
        redaction.write(id: value, to: &writer)
      } else if key.equals("method") {
        redaction.write(method: value, to: &writer)
      } else if key.equals("jsonrpc") {
        redaction.write(version: value, to: &writer)
      } else {
        redaction.write(content: value, to: &writer)
      }
    }
    writer.endObject()
  }

  /// Writes the placeholder of a nid or cursor that an answer had; false if no answer had it.
  private func placeholder(_ value: JSON, to writer: inout JSONWriter) -> Bool {
    guard let text = value.string, let kind = known[text] else { return false }
    writer.string("<\(kind):\(text)>")
    return true
  }

  // MARK: Answers

  private mutating func write(answer: JSON, to writer: inout JSONWriter) {
    let isLoose = answer["id"].map { loose.remove(Array($0.raw).without(.lineEnds)) != nil } ?? false
    writer.beginObject()
    for (key, value) in answer.members {
      writer.key(key.string ?? "")
      if key.equals("error") {
        write(error: value, to: &writer)
      } else if key.equals("result"), isLoose, value.kind == .object {
        writeOpen(to: &writer)
      } else if key.equals("id") {
        redaction.write(id: value, to: &writer)
      } else {
        write(value, named: "", of: answer, to: &writer)
      }
    }
    writer.endObject()
  }

  private mutating func write(
    _ value: JSON, named name: String, of owner: JSON, to writer: inout JSONWriter
  ) {
    if name == "data", value.kind == .object, owner["nid"] != nil {
      // In a pattern, `<open>` would mean something else.
      if value.raw.contains(UInt8(ascii: "<")) { return writer.string("<any>") }
      return redaction.write(data: value, to: &writer)
    }
    switch value.kind {
    case .object:
      writer.beginObject()
      for (key, member) in value.members {
        writer.key(key.string ?? "")
        write(member, named: key.string ?? "", of: value, to: &writer)
      }
      writer.endObject()
    case .array:
      writer.beginArray()
      for item in value.elements { write(item, named: name, of: owner, to: &writer) }
      writer.endArray()
    case .string: write(string: value, named: name, to: &writer)
    case .number, .bool, .null: writer.raw(value.raw)
    }
  }

  private mutating func write(string value: JSON, named name: String, to writer: inout JSONWriter) {
    let text = value.string ?? ""
    switch name {
    case "create_time": writer.string("<time>")
    case "nid": write(text, as: "nid", to: &writer)
    case "cursor", "next_cursor": write(text, as: "cursor", to: &writer)
    default:
      if Redaction.isContent(name), !redaction.keepsContent {
        redaction.write(content: value, to: &writer)
      } else if text.hasPrefix("<"), text.hasSuffix(">") {
        writer.string("<string>")
      } else {
        writer.raw(value.raw)
      }
    }
  }

  /// Writes a placeholder that has the value as its name: within one run the same value means the same thing.
  private mutating func write(_ text: String, as kind: StaticString, to writer: inout JSONWriter) {
    known[text] = kind
    writer.string("<\(kind):\(text)>")
  }

  /// Writes the pattern of an error. Its message is for people, and its details may get more members.
  private func write(error: JSON, to writer: inout JSONWriter) {
    writer.beginObject()
    for (key, value) in error.members {
      writer.key(key.string ?? "")
      switch (key.string, value.kind) {
      case ("message", _): writer.string("<string>")
      case ("data", .object):
        writer.beginObject()
        for (key, value) in value.members {
          writer.key(key.string ?? "")
          if key.equals("details") {
            writeOpen(to: &writer, keeping: value["pointer"])
          } else {
            writer.raw(value.raw)
          }
        }
        writer.endObject()
      default: writer.raw(value.raw)
      }
    }
    writer.endObject()
  }

  private func writeOpen(to writer: inout JSONWriter, keeping pointer: JSON? = nil) {
    writer.beginObject()
    if let pointer {
      let isKept = pointer.string.map(redaction.keeps(pointer:)) ?? false
      writer.member("pointer", raw: isKept ? pointer.raw : Array(#""<string>""#.utf8)[...])
    }
    writer.member("<open>", true)
    writer.endObject()
  }
}

extension JSON {
  /// The value's exact bytes as text.
  fileprivate var text: String { String(decoding: raw, as: UTF8.self) }
}

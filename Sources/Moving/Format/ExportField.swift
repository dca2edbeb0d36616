import Inbox
import JSON

/// A field of a message as exports have it. This list is the only place that knows them.
struct ExportField: Sendable {
  /// The member's name.
  let name: StaticString
  /// Writes the member, unless there is nothing to write.
  let write: @Sendable (LogEntry, inout JSONWriter) -> Void
  /// Takes the member's value; throws for one that `write` never writes.
  let read: @Sendable (JSON, inout LogEntry) throws(BadLine) -> Void

  /// Every field, in the order of writing.
  static let all: [ExportField] = [
    ExportField(
      name: "seq", write: { $1.member("seq", $0.message.seq) },
      read: { json, entry throws(BadLine) in entry.message.seq = try json.count("seq") }),
    ExportField(
      name: "create_time", write: { $1.member("create_time", millisecondsSince1970: $0.message.time) },
      read: { json, entry throws(BadLine) in
        guard let time = json.time else { throw BadLine("create_time is no time by RFC 3339") }
        entry.message.time = time
      }),
    .identifier("user_id", { $0.sender }, { $0.sender = $1 }),
    .text("username", { $0.username }, { $0.username = $1 }),
    .text("team_name", { $0.teamName }, { $0.teamName = $1 }),
    .identifier("receiver_id", { $0.receiver }, { $0.receiver = $1 }),
    .identifier("message_type", { $0.type }, { $0.type = $1 }),
    .text("content", { $0.content }, { $0.content = $1 }),
    ExportField(
      name: "data",
      write: { entry, writer in if let data = entry.message.body.data { writer.member("data", data) } },
      read: { json, entry throws(BadLine) in
        let data = try json.text("data")
        guard JSON.isObject(data, maximumDepth: 1_000) else { throw BadLine("data is no JSON object") }
        entry.message.body.data = data
      }),
    ExportField(
      name: "idempotency_key",
      write: { entry, writer in if let key = entry.key { writer.member("idempotency_key", key.string) } },
      read: { json, entry throws(BadLine) in entry.key = Text(try json.text("idempotency_key")) }),
    ExportField(
      name: "digest",
      write: { entry, writer in
        if entry.key != nil { writer.member("digest", Base64URL.encode(entry.digest)) }
      }, read: { json, entry throws(BadLine) in entry.digest = try json.bytes("digest") }),
    ExportField(
      name: "token", write: { $1.member("token", token: $0.message.token) },
      read: { json, entry throws(BadLine) in entry.message.token = try json.token("token") }),
    ExportField(
      name: "retracted",
      write: { entry, writer in if entry.isRetracted { writer.member("retracted", true) } },
      read: { json, entry throws(BadLine) in
        guard json.bool == true else { throw BadLine("retracted is not true") }
        entry.isRetracted = true
      }),
  ]

  /// An identifier of the body.
  private static func identifier(
    _ name: StaticString, _ get: @escaping @Sendable (MessageBody) -> Text?,
    _ set: @escaping @Sendable (inout MessageBody, Text) -> Void
  ) -> ExportField {
    text(name, { get($0)?.string }, { set(&$0, Text($1)) })
  }

  /// A text of the body.
  private static func text(
    _ name: StaticString, _ get: @escaping @Sendable (MessageBody) -> String?,
    _ set: @escaping @Sendable (inout MessageBody, String) -> Void
  ) -> ExportField {
    ExportField(
      name: name,
      write: { entry, writer in if let text = get(entry.message.body) { writer.member(name, text) } },
      read: { json, entry throws(BadLine) in set(&entry.message.body, try json.text(name)) })
  }
}

/// The reason why a line is not one of an export, as a sentence that shows nothing of what it holds.
public struct BadLine: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sentence.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension JSONWriter {
  /// Writes a member whose value is a token or a stamp.
  mutating func member(_ name: StaticString, token: UInt64) {
    member(name, Base64URL.encode(withUnsafeBytes(of: token.bigEndian, Array.init)))
  }
}

// Values that exports have.
extension JSON {
  func text(_ name: StaticString) throws(BadLine) -> String {
    guard let text = string else { throw BadLine("\(name) is no text") }
    return text
  }

  /// A number from 0 on.
  func count(_ name: StaticString) throws(BadLine) -> Int {
    guard let number = integer, (0...Int64(StoreBounds.largestNumber) + 1).contains(number) else {
      throw BadLine("\(name) is no possible number")
    }
    return Int(number)
  }

  func bytes(_ name: StaticString) throws(BadLine) -> [UInt8] {
    guard let bytes = withUTF8({ Base64URL.decode($0) }) ?? nil else {
      throw BadLine("\(name) is not base64url")
    }
    return bytes
  }

  func token(_ name: StaticString) throws(BadLine) -> UInt64 {
    let bytes = try bytes(name)
    guard bytes.count == 8 else { throw BadLine("\(name) has not 8 bytes") }
    return bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }
}

import Inbox
import Mongo

/// A document of `tidings_messages`, decoded as far as that goes.
struct StoredDocument {
  var message: StoredMessage
  /// The name of the log, as it stands there; nil if it is none.
  var log: [UInt8]?
  /// The `_id`; nil for one of a kind that Tidings can't name.
  var id: BSONValue?
  /// The number, as it stands there.
  var place: BSONValue?
  /// The names of fields that are none of Tidings'.
  var unknown: [String] = []

  private static let texts: Set<String> = [
    "message_type", "user_id", "username", "team_name", "receiver_id", "content", "data", "key",
  ]

  init(_ document: BSONDocument) throws(BSONError) {
    var texts: [String: String] = [:]
    var seq: Int?
    var time: Timestamp?
    var (digest, isCleared) = ([UInt8]?.none, false)
    var flaws: [FaultKind] = []
    var reader = BSONReader(document)
    while let element = try reader.next() {
      let name = try element.key.string()
      switch name {
      case "_id": id = Self.readable { try element.value() }
      case "log": log = Self.readable { Array(try element.binary()) }
      case "seq":
        seq = Self.readable { try element.number() }
        place = Self.readable { try element.value() }
      case "time": time = Self.readable { try element.time() }
      case "digest": digest = Self.readable { Array(try element.binary()) } ?? []
      case "retracted":
        if let flag = Self.readable({ try element.bool() }) {
          isCleared = flag
        } else {
          flaws.append(.retractionLost)
        }
      case _ where Self.texts.contains(name):
        if let text = Self.readable({ try element.string() }) {
          texts[name] = text
        } else {
          flaws.append(name == "message_type" ? .type : name == "key" ? .key : .text)
          // Of a string that is no UTF-8 the rest is kept.
          texts[name] = Self.readable { String(decoding: try element.utf8(), as: UTF8.self) }
        }
      default: unknown.append(name)
      }
    }
    if texts["message_type"] == nil, !flaws.contains(.type) { flaws.append(.type) }
    if !unknown.isEmpty { flaws.append(.unknownField) }
    var hasToken = false
    if case .objectID = id { hasToken = true }
    message = StoredMessage(
      seq: seq ?? 0, time: time, hasToken: hasToken,
      body: MessageBody(
        type: Text(texts["message_type"] ?? "unknown"), sender: texts["user_id"].map { Text($0) },
        username: texts["username"], teamName: texts["team_name"],
        receiver: texts["receiver_id"].map { Text($0) }, content: texts["content"], data: texts["data"]),
      isCleared: isCleared, key: texts["key"].map { Text($0) }, digest: digest, flaws: flaws)
  }

  /// A value; nil if it is none that Tidings writes.
  static func readable<Value>(_ value: () throws -> Value) -> Value? {
    do {
      return try value()
    } catch {
      return nil
    }
  }

  /// The name of the log; nil if it is none.
  var name: LogName? { log.flatMap { log in Self.readable { try LogName(encoded: log) } } }
}

extension StoredMessage {
  /// The fields of the document apart from `_id`, `log` and `seq`: those that it has and those that it lacks.
  private var fields: [(name: String, value: BSONValue?)] {
    [
      ("time", .date(milliseconds: time ?? 0)), ("message_type", .string(body.type.string)),
      ("user_id", body.sender.map { .string($0.string) }), ("username", body.username.map { .string($0) }),
      ("team_name", body.teamName.map { .string($0) }),
      ("receiver_id", body.receiver.map { .string($0.string) }),
      ("content", body.content.map { .string($0) }), ("data", body.data.map { .string($0) }),
      ("key", key.map { .string($0.string) }), ("digest", digest.map { .binary($0) }),
      ("retracted", isCleared == true ? true : nil),
    ]
  }

  /// The document of this message.
  func document(in log: LogName, _ token: Token) -> BSONDocument {
    var writer = BSONWriter(capacity: 256)
    writer.append("_id", token.id)
    writer.append("log", binary: log.encoded)
    writer.append("seq", Int64(seq))
    for field in fields { if let value = field.value { writer.append(field.name, value) } }
    return writer.whole()
  }

  /// The update that makes a document this message's.
  func update(removing unknown: [String]) -> BSONDocument {
    let fields = fields
    var writer = BSONWriter(capacity: 256)
    writer.append("$set") { (set: inout BSONWriter) in
      for field in fields { if let value = field.value { set.append(field.name, value) } }
    }
    let missing = fields.filter { $0.value == nil }.map(\.name) + unknown
    if !missing.isEmpty {
      writer.append("$unset") { (unset: inout BSONWriter) in
        for name in missing { unset.append(name, "") }
      }
    }
    return writer.whole()
  }
}

/// A document of `tidings_logs` or `tidings_marks`, decoded as far as that goes.
struct StoredRecord {
  var name: [UInt8]
  var version: Int64?
  /// The token of the last change; nil if there are no possible tokens.
  var token: BSONObjectID?
  var body: [UInt8]?
  var unknown: [String] = []

  init(_ document: BSONDocument, body field: String) throws(BSONError) {
    name = Array(try document.get("_id").binary())
    var reader = BSONReader(document)
    while let element = try reader.next() {
      switch try element.key.string() {
      case "_id": break
      case "version":
        version = StoredDocument.readable { try element.int64() }
        if let found = version, found < 1 || found > StoredMarks.largestVersion { version = nil }
      case "tokens": token = StoredDocument.readable { try Self.last(of: element) } ?? nil
      case field: body = StoredDocument.readable { Array(try element.binary()) }
      case let other: unknown.append(other)
      }
    }
  }

  private static func last(of element: BSONElement) throws -> BSONObjectID? {
    var (list, last) = (BSONReader(try element.array().document), BSONObjectID?.none)
    while let token = try list.next() { last = try token.objectID() }
    return last
  }

  /// The write that replaces exactly this with other bytes.
  func replaced(by bytes: [UInt8], field: String, version next: Int64) -> MongoWrite {
    var filter: BSONDocument = ["_id": .binary(name)]
    if let version { filter = ["_id": .binary(name), "version": .int64(version)] }
    var update = BSONWriter(capacity: 256 + bytes.count)
    update.append("$set") { (set: inout BSONWriter) in
      set.append("version", next)
      set.append(field, binary: bytes)
      set.append("tokens", [.objectID(Token.random(at: 0).id)] as BSONArray)
    }
    if !unknown.isEmpty {
      update.append("$unset") { (unset: inout BSONWriter) in
        for name in unknown { unset.append(name, "") }
      }
    }
    return .updateOne(filter: filter, update: update.whole())
  }
}

import Inbox
import Mongo

/// A document of `tidings_messages`, with the fields that a reader needs.
struct MessageDocument {
  var message: Message
  /// Whether the document holds only what remains of a retracted message.
  var isCleared: Bool

  init(message: Message, isCleared: Bool) {
    (self.message, self.isCleared) = (message, isCleared)
  }

  /// Reads a document; throws `StoreError.damaged` for a document that Tidings doesn't write.
  init(_ document: BSONDocument) throws(StoreError) {
    self = try Self.placed(document).message
  }

  /// Reads a document, its `_id` and the name of its log, in one pass.
  static func placed(
    _ document: BSONDocument
  ) throws(StoreError) -> (log: ArraySlice<UInt8>, id: BSONObjectID, message: MessageDocument) {
    do {
      var log: ArraySlice<UInt8> = []
      var id: BSONObjectID?
      let message = try MessageDocument(reading: document, &log, &id)
      guard let id else { throw BSONError.missingKey("_id") }
      return (log, id, message)
    } catch {
      throw .damaged("a message can't be read: \(error)")
    }
  }

  private init(
    reading document: BSONDocument, _ log: inout ArraySlice<UInt8>, _ id: inout BSONObjectID?
  ) throws {
    var reader = BSONReader(document)
    var seq: Int?
    var time: Timestamp?
    var type: Text?
    var body = MessageBody(type: "")
    isCleared = false
    while let element = try reader.next() {
      switch element.key {
      case "log": log = try element.binary()
      case "_id": id = try element.objectID()
      case "seq": seq = try element.number()
      case "time": time = try element.time()
      case "message_type": type = Text(try element.string())
      case "user_id": body.sender = Text(try element.string())
      case "username": body.username = try element.string()
      case "team_name": body.teamName = try element.string()
      case "receiver_id": body.receiver = Text(try element.string())
      case "content": body.content = try element.string()
      case "data": body.data = try element.string()
      case "retracted": isCleared = try element.bool()
      default: break
      }
    }
    guard let seq else { throw BSONError.missingKey("seq") }
    guard let time else { throw BSONError.missingKey("time") }
    guard let id else { throw BSONError.missingKey("_id") }
    guard let type else { throw BSONError.missingKey("message_type") }
    body.type = type
    message = Message(seq: seq, time: time, token: id.random, body: body)
    try message.check()
  }

  /// Creates the document of a draft at a place.
  static func make(
    _ draft: Draft, log: LogName, seq: Int, time: Timestamp, token: Token
  ) throws(StoreError) -> BSONDocument {
    try make(draft.body, draft.key, draft.digest, log, seq, time, token)
  }

  /// Creates the document of a message that has its place.
  static func make(_ entry: LogEntry, log: LogName) throws(StoreError) -> BSONDocument {
    let message = entry.message
    let token = Token(message.token, at: message.time)
    return try make(message.body, entry.key, entry.digest, log, message.seq, message.time, token)
  }

  private static func make(
    _ body: MessageBody, _ key: Text?, _ digest: [UInt8], _ log: LogName, _ seq: Int, _ time: Timestamp,
    _ token: Token
  ) throws(StoreError) -> BSONDocument {
    var writer = BSONWriter(capacity: 256 + (body.content?.utf8.count ?? 0) + (body.data?.utf8.count ?? 0))
    writer.append("_id", token.id)
    writer.append("log", binary: log.encoded)
    writer.append("seq", Int64(seq))
    writer.append("time", milliseconds: time)
    writer.append("message_type", body.type.string)
    if let sender = body.sender { writer.append("user_id", sender.string) }
    if let username = body.username { writer.append("username", username) }
    if let teamName = body.teamName { writer.append("team_name", teamName) }
    if let receiver = body.receiver { writer.append("receiver_id", receiver.string) }
    if let content = body.content { writer.append("content", content) }
    if let data = body.data { writer.append("data", data) }
    if let key {
      writer.append("key", key.string)
      writer.append("digest", binary: digest)
    }
    do {
      return try writer.finish()
    } catch {
      throw .limitReached("a message of more than 16 MiB")
    }
  }

  /// The update that reduces a message to `MessageBody.cleared`; key and digest stay.
  static let clearing: BSONDocument = [
    "$set": ["retracted": true],
    "$unset": ["username": "", "team_name": "", "receiver_id": "", "content": "", "data": ""],
  ]
}

extension LogEntry {
  /// Reads the document of a message. A body that is cleared is retracted, whether or not the record says so yet.
  init(_ document: BSONDocument, _ record: LogRecord) throws(StoreError) {
    let read = try MessageDocument(document)
    var (key, digest) = (Text?.none, [UInt8]())
    do {
      if let element = try document.find("key") {
        key = Text(try element.string())
        digest = Array(try document.get("digest").binary())
      }
    } catch {
      throw .damaged("a message's key can't be read: \(error)")
    }
    self.init(
      read.message, isRetracted: read.isCleared || record.retracted.contains(read.message.seq), key: key,
      digest: digest)
  }
}

/// The place of a message, and the token of the attempt that wrote it.
struct Slot: Hashable {
  var seq: Int
  var time: Timestamp
  var token: BSONObjectID

  init(_ document: BSONDocument) throws(StoreError) {
    do {
      seq = try document.get("seq").number()
      time = try document.get("time").time()
      token = try document.get("_id").objectID()
    } catch {
      throw .damaged("a message can't be read: \(error)")
    }
  }

  static let projection: BSONDocument = ["seq": 1, "time": 1]
}

/// A log's last message: its number, its time and its token.
struct Head: Hashable {
  var seq: Int
  var time: Timestamp
  var token: BSONObjectID?

  /// The head of a log to which nothing was appended.
  static let none = Head(seq: 0, time: .min)
}

extension Head {
  init(_ slot: Slot) { self.init(seq: slot.seq, time: slot.time, token: slot.token) }
}

/// A message that holds a key.
struct Holder {
  var log: LogName
  var key: SenderKey
  var digest: [UInt8]
  var receipt: Receipt

  init(_ document: BSONDocument) throws(StoreError) {
    do {
      log = try document.get("log").logName()
      key = SenderKey(
        sender: try document.find("user_id").map { element throws(BSONError) in Text(try element.string()) },
        key: Text(try document.get("key").string()))
      digest = Array(try document.get("digest").binary())
      receipt = Receipt(
        seq: try document.get("seq").number(), time: try document.get("time").time(),
        duplicate: true)
    } catch {
      throw .damaged("a message's key can't be read: \(error)")
    }
  }

  static let projection: BSONDocument = [
    "_id": 0, "log": 1, "user_id": 1, "key": 1, "digest": 1, "seq": 1, "time": 1,
  ]
}

extension BSONElement {
  /// The value as the number of a message.
  func number() throws -> Int { try StoreBounds.number(try int64()) }

  /// The value as the time of a message.
  func time() throws -> Timestamp { try StoreBounds.time(try milliseconds()) }
}

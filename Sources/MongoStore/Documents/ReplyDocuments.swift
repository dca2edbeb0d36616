import Inbox
import Mongo

/// The kind of a document in a mixed reply: the stages of `Query` give each kind its own fields.
enum ReplyKind {
  case message
  /// Only the `_id` of a message.
  case proof
  case record
  case marks
  case head

  init(_ document: BSONDocument) throws(StoreError) {
    do {
      var reader = BSONReader(document)
      while let element = try reader.next() {
        switch element.key {
        case "_id":
          if element.type == .objectID {
            self = try reader.next() == nil ? .proof : .message
            return
          }
        case "seq":
          self = .head
          return
        case "record":
          self = .record
          return
        case "body":
          self = .marks
          return
        default: break
        }
      }
    } catch {
      throw .damaged("a reply can't be read: \(error)")
    }
    throw .damaged("a document is none that Tidings writes")
  }
}

extension MongoBatch {
  /// The documents of a reply.
  func all() throws(StoreError) -> [BSONDocument] {
    do {
      return try documents.documents()
    } catch {
      throw .damaged("a reply can't be read: \(error)")
    }
  }
}

extension BSONElement {
  /// The value as the name of a log.
  func logName() throws -> LogName { try LogName(encoded: Array(try binary())) }
}

/// A number in a log that a user sent, as `Query.sent` returns it.
struct SentNumber {
  var log: LogName
  var user: Text
  var seq: Int

  init(_ document: BSONDocument) throws(StoreError) {
    do {
      log = try document.get("log").logName()
      user = Text(try document.get("user_id").string())
      seq = try document.get("seq").number()
    } catch {
      throw .damaged("a message's place can't be read: \(error)")
    }
  }

  /// A number that somebody sent, as `Query.senders` returns it; nil if nobody is known to have sent it.
  init?(of document: BSONDocument) throws(StoreError) {
    do {
      guard try document.find("user_id") != nil else { return nil }
    } catch {
      throw .damaged("a message's sender can't be read: \(error)")
    }
    try self.init(document)
  }

  /// The number alone, as `Query.numbers` returns it.
  static func seq(_ document: BSONDocument) throws(StoreError) -> Int {
    do {
      return try document.get("seq").number()
    } catch {
      throw .damaged("a message's place can't be read: \(error)")
    }
  }
}

/// The last number of a log, as `Query.heads` returns it.
struct LastNumber {
  var log: LogName
  var seq: Int
  /// The message's token, if the query is for tokens too.
  var token: BSONObjectID?
  /// Who sent it, if the query is for tokens too.
  var last: Sender?

  /// A sender, or nobody.
  struct Sender: Hashable {
    var user: Text?
  }

  init(_ document: BSONDocument) throws(StoreError) {
    do {
      log = try document.get("_id").logName()
      seq = try document.get("seq").number()
      token = try document.find("token")?.objectID()
      last = try document.find("sender").map { Sender(user: $0.isNull ? nil : Text(try $0.string())) }
    } catch {
      throw .damaged("the head of a log can't be read: \(error)")
    }
  }
}

/// The last message of a log, as `Query.lastSlots` returns it.
struct LastSlot {
  var log: LogName
  var head: Head

  init(_ document: BSONDocument) throws(StoreError) {
    do {
      log = try document.get("_id").logName()
      head = Head(
        seq: try document.get("seq").number(), time: try document.get("time").time(),
        token: try document.get("token").objectID())
    } catch {
      throw .damaged("the last message of a log can't be read: \(error)")
    }
  }
}

import Inbox
import Mongo

/// A document that is changed by compare-and-set: the marks of an inbox, or the record of a log.
///
/// `version` grows with every change, and `tokens` identifies the last changes: a change whose outcome is
/// unknown is looked up there, even if others have made changes since.
struct RecordDocument: Sendable {
  var name: LogName
  var version: Int64
  var tokens: [BSONObjectID]
  var body: [UInt8]

  static let tokensKept: Int64 = 16

  init(name: LogName, version: Int64, token: Token, body: [UInt8]) {
    (self.name, self.version, self.tokens, self.body) = (name, version, [token.id], body)
  }

  /// Reads a document of `collection`.
  init(_ document: BSONDocument, of collection: Collection) throws(StoreError) {
    do {
      var (name, version, body) = (LogName?.none, Int64?.none, [UInt8]?.none)
      var tokens: [BSONObjectID]?
      var reader = BSONReader(document)
      while let element = try reader.next() {
        switch element.key {
        case "_id": name = try element.logName()
        case "version": version = try element.int64()
        case "tokens":
          var list = BSONReader(try element.array().document)
          var found: [BSONObjectID] = []
          while let token = try list.next() { found.append(try token.objectID()) }
          tokens = found
        case collection.bodyField: body = Array(try element.binary())
        default: break
        }
      }
      guard let name, let version, let tokens, let body else {
        throw BSONError.missingKey("_id, version, tokens or \(collection.bodyField)")
      }
      (self.name, self.version, self.tokens, self.body) = (name, version, tokens, body)
    } catch {
      throw .damaged("a record can't be read: \(error)")
    }
    guard version >= 1, version <= StoreBounds.largestNumber else {
      throw .damaged("a record has no possible version")
    }
  }

  /// The token of the change that wrote this version.
  var token: BSONObjectID? { tokens.last }

  /// The write that replaces version `previous`, or inserts the record if there is none. Sent again it does
  /// nothing, since the version has moved on.
  func write(to collection: Collection, over previous: Int64) -> MongoWrite {
    // An upsert if there is no record yet: one command then takes all records of a group. If two processes
    // insert the same record, the second one is refused at `_id`.
    var filter = BSONWriter(capacity: 128)
    filter.append("_id", binary: name.encoded)
    if previous == 0 { filter.appendNull("version") } else { filter.append("version", previous) }
    var update = BSONWriter(capacity: 256 + body.count)
    update.append("$set") { (set: inout BSONWriter) in
      set.append("version", version)
      set.append(collection.bodyField, binary: body)
    }
    update.append("$push") { (push: inout BSONWriter) in
      push.append("tokens") { (change: inout BSONWriter) in
        change.append("$each") { (each: inout BSONArrayWriter) in
          for token in tokens { each.append(.objectID(token)) }
        }
        change.append("$slice", -Self.tokensKept)
      }
    }
    return .updateOne(filter: filter.whole(), update: update.whole(), upsert: previous == 0)
  }
}

extension BSONWriter {
  /// The document, of what Tidings' own limits keep far below 16 MiB.
  consuming func whole() -> BSONDocument {
    do {
      return try finish()
    } catch {
      preconditionFailure("a document of Tidings' own: \(error)")
    }
  }
}

extension Collection {
  /// The field that holds a record's bytes: it distinguishes the records of both collections in one reply.
  fileprivate var bodyField: String { self == .logs ? "record" : "body" }
}

extension Marks {
  init(_ document: RecordDocument) throws(StoreError) {
    do {
      self = try Marks(
        version: Int(document.version), stamp: document.token?.random ?? 0, encoded: document.body)
    } catch {
      throw .unreadable("the marks of an inbox", error)
    }
  }
}

extension LogRecord {
  init(_ document: RecordDocument) throws(StoreError) {
    do {
      self = try LogRecord(encoded: document.body)
    } catch {
      throw .unreadable("the record of a log", error)
    }
  }
}

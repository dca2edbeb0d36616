import Inbox
import Mongo

// What is kept: an answer that says `internal` leads here.
extension MongoStore {
  /// Reads what is kept, for some seconds, and names the first of what is damaged.
  static func contents(_ session: MongoSession, _ layout: Layout) throws -> [Finding] {
    var look = ContentsLook(session, layout)
    try look.run()
    if look.damage.isEmpty {
      let part = look.isOver ? "the first \(look.count) documents" : "all \(look.count) documents"
      return [.fact("contents", "\(part) can be read")]
    }
    return look.damage.flatMap {
      fault(
        "contents", $0,
        advice: $0.hasSuffix(NewerVersion().description)
          ? "use that version" : "put it back from a backup, or delete that inbox's documents")
    }
  }
}

/// Reads documents as a reader does, and changes nothing.
private struct ContentsLook {
  let session: MongoSession
  let layout: Layout
  let end = ContinuousClock.now + .seconds(10)
  var damage: [String] = []
  var count = 0

  private static let documentsTogether = 100
  private static let damageNamed = 5
  private static let messagesCounted: Int64 = 1_000_000

  init(_ session: MongoSession, _ layout: Layout) {
    self.session = session
    self.layout = layout
  }

  /// Whether the time was too short for all of it.
  var isOver: Bool { .now >= end }

  private var isDone: Bool { damage.count >= Self.damageNamed || isOver }

  mutating func run() throws {
    try readLogs()
    for collection in [Collection.logs, .marks, .messages] { try read(collection) }
  }

  /// Logs whose numbers have gaps: told by the index alone, where it is not too long for one command.
  private mutating func readLogs() throws {
    let size = try session.rawCommand(["count": .string(Collection.messages.rawValue)])
    guard try size.get("n").int64() <= Self.messagesCounted else { return }
    let holes = try Query.holes(Self.damageNamed).run(session).documents.documents()
    for document in holes {
      let name = try document.find("_id").flatMap { $0.type == .binary ? Array(try $0.binary()) : nil }
      damage.append("messages are missing in \(Self.title(name))")
    }
  }

  private mutating func read(_ collection: Collection) throws {
    // What has an `_id` of another kind would be passed over.
    let kind: BSONValue = collection == .messages ? "objectId" : "binData"
    let strange = try session.find(
      collection.rawValue, filter: ["_id": ["$not": ["$type": kind]]], projection: ["_id": 1], limit: 1)
    if try !strange.documents.documents().isEmpty {
      damage.append("\(collection.rawValue) has a document with an _id that is none of tidings'")
    }
    var after: BSONValue?
    while !isDone {
      let batch = try session.find(
        collection.rawValue, filter: after.map { ["_id": ["$gt": $0]] } ?? [:], sort: ["_id": 1],
        limit: Self.documentsTogether, hint: "_id_")
      let documents = try batch.documents.documents()
      for document in documents where damage.count < Self.damageNamed { check(document, of: collection) }
      count += documents.count
      guard let last = documents.last else { break }
      let id = try last.get("_id")
      switch id.type {
      case .objectID: after = .objectID(try id.objectID())
      case .binary: after = .binary(Array(try id.binary()))
      default: return
      }
    }
  }

  private mutating func check(_ document: BSONDocument, of collection: Collection) {
    var name: [UInt8]?
    do {
      switch collection {
      case .messages:
        name = Array(try document.get("log").binary())
        _ = try MessageDocument(document)
        _ = try Slot(document)
        if try document.find("key") != nil { _ = try Holder(document) }
      case .logs:
        name = Array(try document.get("_id").binary())
        let record = try RecordDocument(document, of: .logs)
        _ = try LogRecord(record)
      case .marks:
        name = Array(try document.get("_id").binary())
        let record = try RecordDocument(document, of: .marks)
        _ = try Marks(record)
        try checkInbox(record.name)
      case .leases, .schema: break
      }
    } catch StoreError.damaged(let why) {
      damage.append("\(Self.title(name)): \(why)")
    } catch {
      damage.append("a document of \(collection.rawValue), \(Self.title(name)): \(error)")
    }
  }

  /// Reads an inbox's state as a page does: marks, records and numbers have to agree.
  private func checkInbox(_ own: LogName) throws {
    guard let inbox = Inbox(own: own) else {
      throw StoreError.damaged("marks are of a log that is nobody's own")
    }
    _ = try MongoReader(Source(session, layout), newest: 1).state(of: inbox)
  }

  /// A log in words.
  private static func title(_ name: [UInt8]?) -> String {
    guard let name else { return "a log without a name" }
    do throws(DecodingFailure) {
      switch try LogName(encoded: name).kind {
      case .team(let team): return "the team \(team.string)"
      case .member(let team, let user): return "the messages of \(user.string) in the team \(team.string)"
      case .everyone: return "the announcements"
      case .account(let user): return "the account \(user.string)"
      }
    } catch {
      return "a log whose name is none"
    }
  }
}

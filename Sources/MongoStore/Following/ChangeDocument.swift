import Inbox
import Mongo

/// A change of the database, as the change stream tells it.
enum ChangeDocument: Hashable {
  /// The log with this fingerprint has another message or another record, or its inbox other marks.
  case log(UInt64, ChangeID)
  /// Collections were removed or renamed, or the change is none that Tidings makes.
  case everything

  init(_ document: BSONDocument) {
    do {
      self = try Self.read(document) ?? .everything
    } catch {
      // Another program has written here: whoever reads sees what it is.
      self = .everything
    }
  }

  private static func read(_ document: BSONDocument) throws -> ChangeDocument? {
    let name = try document.find("ns")?.document().find("coll")?.string()
    guard let id = try document.find("documentKey")?.document().find("_id"),
      let collection = name.flatMap(Collection.init(rawValue:))
    else { return nil }
    let full = try document.find("fullDocument")?.document()
    if collection == .messages {
      guard let log = try full?.find("log") else { return nil }
      return .log(LogName.fingerprint(of: try log.binary()), .message(try id.objectID()))
    }
    let fields = try document.find("updateDescription")?.document().find("updatedFields")?.document()
    let version = try (fields ?? full)?.find("version")?.int64()
    let fingerprint = LogName.fingerprint(of: try id.binary())
    return .log(fingerprint, .record(collection, fingerprint, version: version ?? 0))
  }
}

/// The identity of a change: a process knows those that it makes itself.
enum ChangeID: Hashable, Sendable {
  /// The message with this token was written.
  case message(BSONObjectID)
  /// A record of a collection, by its name's fingerprint, got this version.
  case record(Collection, UInt64, version: Int64)
}

extension ChangeDocument {
  /// The stages that select Tidings' own changes, and leave of each what names its log: new messages, which never
  /// change; records and marks; and the removal of collections.
  static var pipeline: BSONArray {
    let all = Query.array(Collection.allCases.map { .string($0.rawValue) })
    return [
      [
        "$match": [
          "$or": [
            ["operationType": "insert", "ns.coll": .string(Collection.messages.rawValue)],
            [
              "operationType": ["$in": ["insert", "update", "replace", "delete"]],
              "ns.coll": ["$in": [.string(Collection.logs.rawValue), .string(Collection.marks.rawValue)]],
            ],
            ["operationType": ["$in": ["drop", "rename"]], "ns.coll": ["$in": .array(all)]],
            ["operationType": "rename", "to.coll": ["$in": .array(all)]],
            ["operationType": ["$in": ["dropDatabase", "invalidate"]]],
          ]
        ]
      ],
      [
        "$project": [
          "operationType": 1, "ns.coll": 1, "documentKey._id": 1, "fullDocument.log": 1,
          "fullDocument.version": 1, "updateDescription.updatedFields.version": 1,
        ]
      ],
    ]
  }
}

import Inbox
import Mongo

/// A fault of a collection or an index, found at the start or by the doctor.
enum LayoutFault: Hashable {
  /// A collection that can't hold its documents as it is; it has to be removed or made anew.
  case unfit(Collection, String)
  /// A missing collection.
  case missing(Collection)
  /// Indexes that are missing or still being built.
  case missingIndexes(Collection, [String])
  /// An index that differs from the expected one, or should not exist.
  case unfitIndex(Collection, String, String)

  /// The fault, as the beginning of a sentence.
  var what: String { subject.isEmpty ? detail : "\(subject): \(detail)" }

  /// The subject, where the detail doesn't name it.
  var subject: String { if case .missingIndexes = self { "indexes" } else { "" } }

  var detail: String {
    switch self {
    case .unfit(let collection, let reason): "the collection \(collection.rawValue) \(reason)"
    case .missing(let collection): "the collection \(collection.rawValue) is missing"
    case .missingIndexes(let collection, let names):
      "\(names.joined(separator: ", ")) of \(collection.rawValue) missing"
    case .unfitIndex(let collection, let name, let reason):
      "the index \(name) of \(collection.rawValue) \(reason)"
    }
  }

  /// The advice: what to do about the fault.
  var advice: String {
    switch self {
    case .unfit:
      "rename it and let tidings make it, then copy its documents, or name another database"
    case .missing(.messages):
      "if no restore is under way, make it: db.createCollection(\"tidings_messages\"), and empty the marks and "
        + "records, which are of the messages that are gone: db.tidings_marks.deleteMany({}), "
        + "db.tidings_logs.deleteMany({})"
    case .missing(let collection):
      "if no restore is under way, make it: db.createCollection(\"\(collection.rawValue)\")"
    case .missingIndexes(let collection, let names):
      "if no restore is under way, make them: "
        + collection.indexes.filter { names.contains($0.name) }
        .map { "db.\(collection.rawValue).createIndex(\($0.shell))" }.joined(separator: "; ")
    case .unfitIndex(let collection, let name, _):
      "drop it (db.\(collection.rawValue).dropIndex(\"\(name)\")), and make what tidings doctor misses then"
    }
  }

  /// The collection that has the fault.
  var collection: Collection {
    switch self {
    case .unfit(let collection, _), .missing(let collection), .missingIndexes(let collection, _),
      .unfitIndex(let collection, _, _):
      collection
    }
  }

  /// The names of the indexes that are not as they should be.
  var indexes: [String] {
    switch self {
    case .unfit, .missing: []
    case .missingIndexes(_, let names): names
    case .unfitIndex(_, let name, _): [name]
    }
  }

  /// Whether the fault may be temporary, as during a restore.
  var mayPass: Bool {
    switch self {
    case .missing, .missingIndexes: true
    case .unfit, .unfitIndex: false
    }
  }
}

extension LayoutFault: Error {}

/// Examines the database without changing anything.
struct Inspection {
  let session: MongoSession

  /// Returns the database's state and its faults.
  func look() throws -> (state: DatabaseState, faults: [LayoutFault]) {
    let listed = try session.listCollections(Collection.allCases.map(\.rawValue))
    var found: [String: BSONDocument] = [:]
    for document in listed { found[try document.get("name").string()] = document }
    var state = DatabaseState(uuids: try Self.uuids(in: listed))
    var faults: [LayoutFault] = []
    for collection in Collection.allCases {
      guard let document = found[collection.rawValue] else {
        faults.append(.missing(collection))
        continue
      }
      if let reason = try Self.unfitness(document) {
        faults.append(.unfit(collection, reason))
        continue
      }
      let indexes = try session.listIndexes(collection.rawValue)
      if collection == .messages { state.messageIndexes = indexes }
      do {
        try Self.checkIndexes(of: collection, indexes)
      } catch let fault as LayoutFault {
        faults.append(fault)
      }
    }
    return (state, faults)
  }

  /// The UUIDs of collections as `listCollections` reports them; views have none.
  static func uuids(in listed: [BSONDocument]) throws(BSONError) -> [String: BSONUUID] {
    var uuids: [String: BSONUUID] = [:]
    for document in listed {
      guard let uuid = try document.find("info")?.document().find("uuid")?.uuid() else { continue }
      uuids[try document.get("name").string()] = uuid
    }
    return uuids
  }

  /// The reason why a collection can't be used, because another program made it; nil if it can.
  static func unfitness(_ document: BSONDocument) throws(BSONError) -> String? {
    switch try document.get("type").string() {
    case "collection": break
    case "view": return "is a view"
    case "timeseries": return "is a time series"
    default: return "is no ordinary collection"
    }
    var warnsOnly = false
    var hasValidator = false
    var reader = BSONReader(try document.get("options").document())
    while let option = try reader.next() {
      switch try option.key.string() {
      case "capped":
        // Old servers wrote numbers instead of booleans.
        let isCapped = option.type == .bool ? try option.bool() : true
        if isCapped { return "is capped: it forgets the oldest messages" }
      case "collation":
        let locale = try option.document().find("locale")?.string()
        if locale != "simple" { return "has a collation: names that differ would be taken for the same" }
      case "clusteredIndex": return "is clustered"
      case "timeseries": return "is a time series"
      case "expireAfterSeconds": return "lets documents expire"
      case "encryptedFields": return "has encrypted fields"
      case "validator": hasValidator = try !option.document().isEmpty
      case "validationAction": if try option.string() == "warn" { warnsOnly = true }
      case "validationLevel": if try option.string() == "off" { warnsOnly = true }
      default: break
      }
    }
    return hasValidator && !warnsOnly ? "has a validator, which may refuse what is written" : nil
  }

  /// Throws a `LayoutFault` unless every index is as it should be and no other index affects what is kept.
  /// With `onlyUnique`, indexes that only make reads fast may be missing.
  static func checkIndexes(
    of collection: Collection, _ listed: [BSONDocument], onlyUnique: Bool = false
  ) throws {
    var wanted = Dictionary(uniqueKeysWithValues: collection.indexes.map { ($0.name, $0) })
    for document in listed {
      let name = try document.get("name").string()
      // An index that is still being built refuses nothing yet.
      guard try document.find("buildUUID") == nil, try document.find("spec") == nil else { continue }
      let isUnique = try document.find("unique")?.bool() ?? false
      if try document.find("expireAfterSeconds") != nil {
        throw LayoutFault.unfitIndex(collection, name, "lets documents expire")
      }
      guard let index = wanted.removeValue(forKey: name) else {
        if isUnique {
          throw LayoutFault.unfitIndex(collection, name, "is unique, and tidings did not make it")
        }
        continue
      }
      if let reason = try unfitness(document, isUnique, index) {
        throw LayoutFault.unfitIndex(collection, name, reason)
      }
    }
    let missing = wanted.values.filter { !onlyUnique || $0.isUnique }.map(\.name).sorted()
    guard missing.isEmpty else { throw LayoutFault.missingIndexes(collection, missing) }
  }

  private static func unfitness(
    _ document: BSONDocument, _ isUnique: Bool, _ index: MongoIndex
  ) throws -> String? {
    guard isUnique == index.isUnique else { return isUnique ? "is unique" : "is not unique" }
    guard try fields(document.get("key").document()) == fields(index.keys) else { return "has other fields" }
    guard try document.find("partialFilterExpression")?.document() == index.partialFilter else {
      return "has another filter"
    }
    if let locale = try document.find("collation")?.document().find("locale")?.string(), locale != "simple" {
      return "has a collation"
    }
    if try document.find("hidden")?.bool() ?? false { return "is hidden" }
    if try document.find("sparse")?.bool() ?? false { return "is sparse" }
    return nil
  }

  /// Reads the fields of an index. Directions may be numbers of any type, as after a restore.
  private static func fields(_ keys: BSONDocument) throws -> [String] {
    var fields: [String] = []
    var reader = BSONReader(keys)
    while let element = try reader.next() {
      fields.append("\(try element.key.string()) \(try element.double() < 0 ? -1 : 1)")
    }
    return fields
  }
}

extension MongoIndex {
  /// The command that makes the index in MongoDB's shell.
  fileprivate var shell: String {
    let keys: [String]
    do {
      var reader = BSONReader(self.keys)
      var parts: [String] = []
      while let element = try reader.next() {
        parts.append("\(try element.key.string()): \(try element.int64())")
      }
      keys = parts
    } catch {
      preconditionFailure("an index of our own: \(error)")
    }
    var options = ["name: \"\(name)\""]
    if isUnique { options.append("unique: true") }
    if let filter = partialFilter {
      options.append("partialFilterExpression: {\(Self.field(filter)): {$exists: true}}")
    }
    return "{\(keys.joined(separator: ", "))}, {\(options.joined(separator: ", "))}"
  }

  /// The field that has to exist: all our filters have this form.
  private static func field(_ filter: BSONDocument) -> String {
    do {
      var reader = BSONReader(filter)
      return try reader.next()?.key.string() ?? ""
    } catch {
      preconditionFailure("a filter of our own: \(error)")
    }
  }
}

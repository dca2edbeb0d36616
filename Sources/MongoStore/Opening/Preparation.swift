import Mongo

/// Makes a database ready: collections, indexes and the layout's version. May be done again, and by several
/// processes at once.
struct Preparation {
  private let session: MongoSession

  init(_ session: MongoSession) {
    self.session = session
  }

  /// Throws `MongoStoreOpenError` for what waiting can't heal, `MongoError` for the rest.
  func run() throws -> MongoServerInfo {
    do {
      let info = try session.serverInfo()
      guard info.version >= Self.oldest else {
        throw MongoStoreOpenError.oldServer("\(info.version)", oldest: "\(Self.oldest)")
      }
      try checkRights()
      let found = try version()
      if let found {
        guard found <= Collection.version else {
          throw MongoStoreOpenError.newerVersion(found: Int(clamping: found), known: Int(Collection.version))
        }
        guard found == Collection.version else {
          throw MongoStoreOpenError.olderVersion(found: Int(clamping: found), known: Int(Collection.version))
        }
        return info
      }
      try create()
      return info
    } catch let error as MongoError {
      switch error.kind {
      case .authentication: throw MongoStoreOpenError.credentials
      case .unauthorized: throw MongoStoreOpenError.rights
      default: throw error
      }
    }
  }

  private static let oldest = MongoServerInfo.Version(4, 4)

  private func version() throws -> Int64? {
    let found = try session.find(Collection.schema.rawValue, filter: ["_id": "layout"], limit: 1)
    return try found.documents.documents().first?.get("version").int64()
  }

  private func create() throws {
    for collection in Collection.allCases {
      try session.createCollection(collection.rawValue)
      if !collection.indexes.isEmpty { try session.createIndexes(collection.rawValue, collection.indexes) }
    }
    // The last step: whoever finds the version finds everything.
    try session.updateOne(
      Collection.schema.rawValue, filter: ["_id": "layout"],
      update: ["$max": ["version": .int64(Collection.version)]], upsert: true
    ).get()
  }

  /// Whether the user may read and write, where the server asks who it is.
  private func checkRights() throws {
    let reply = try session.rawCommand(["connectionStatus": 1, "showPrivileges": true], database: "admin")
    let info = try reply.get("authInfo").document()
    guard try !info.get("authenticatedUsers").array().isEmpty else { return }
    let needed: Set<String> = ["find", "insert", "update", "remove"]
    var missing = Dictionary(uniqueKeysWithValues: Collection.allCases.map { ($0.rawValue, needed) })
    for privilege in try info.get("authenticatedUserPrivileges").array().documents() {
      let resource = try privilege.get("resource").document()
      let database = try resource.find("db")?.string()
      let collection = try resource.find("collection")?.string()
      let isAny = try resource.find("anyResource")?.bool() ?? false
      guard isAny || database == "" || database == session.database else { continue }
      var actions: Set<String> = []
      try privilege.get("actions").array().forEach { actions.insert(try $0.string()) }
      for name in missing.keys where isAny || collection == "" || collection == name {
        missing[name]?.subtract(actions)
      }
    }
    guard missing.values.allSatisfy(\.isEmpty) else { throw MongoStoreOpenError.rights }
  }
}

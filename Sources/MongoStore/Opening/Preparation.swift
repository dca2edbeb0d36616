import Inbox
import Mongo

/// Makes a database ready: collections, indexes and the layout's version. May be repeated, also by several
/// processes at once.
struct Preparation {
  private let session: MongoSession

  init(_ session: MongoSession) {
    self.session = session
  }

  /// Prepares the database. Throws `MongoStoreOpenError` for faults that waiting can't heal, `MongoError` for
  /// others.
  ///
  /// An empty database is made ready if `makes`. A database that has contents and lacks something is left
  /// unchanged: it may be in the middle of a restore from a backup.
  func run(makes: Bool = true) throws -> (server: MongoServerInfo, state: DatabaseState) {
    do {
      let info = try session.serverInfo()
      guard info.version >= Self.oldest else {
        throw MongoStoreOpenError.oldServer("\(info.version)", oldest: "\(Self.oldest)")
      }
      try checkRights()
      var found = try look()
      if !found.isWhole {
        if try isEmpty() {
          guard makes else { throw StoreError.emptied }
          try create()
        }
        // Another process may have made the database ready meanwhile and filled it, or dropped it again.
        found = try look()
        guard found.isWhole else { throw Self.incomplete(found.faults.first) }
      }
      return (info, found.state)
    } catch let error as MongoError {
      switch error.kind {
      case .authentication: throw MongoStoreOpenError.credentials
      case .unauthorized: throw MongoStoreOpenError.rights
      default: throw error
      }
    }
  }

  private static let oldest = MongoServerInfo.Version(4, 4)

  /// The version of the layout; nil if the database has none.
  func version() throws -> Int64? {
    let found = try session.find(Collection.schema.rawValue, filter: ["_id": "layout"], limit: 1)
    return try found.documents.documents().first?.get("version").int64()
  }

  private struct Found {
    var state: DatabaseState
    var faults: [LayoutFault]
    var hasVersion: Bool

    var isWhole: Bool { hasVersion && faults.isEmpty }
  }

  /// Throws `MongoStoreOpenError` for faults that no waiting heals.
  private func look() throws -> Found {
    // The version is written last when a database is made: if it is there, everything is.
    let version = try version()
    if let version, version > Collection.version {
      throw MongoStoreOpenError.newerVersion(found: Int(clamping: version), known: Int(Collection.version))
    }
    if let version, version < Collection.version {
      throw MongoStoreOpenError.olderVersion(found: Int(clamping: version), known: Int(Collection.version))
    }
    let (state, faults) = try Inspection(session: session).look()
    if let fault = faults.first(where: { !$0.mayPass }) {
      throw MongoStoreOpenError.layout(fault.what, advice: fault.advice)
    }
    return Found(state: state, faults: faults, hasVersion: version != nil)
  }

  private static func incomplete(_ fault: LayoutFault?) -> StoreError {
    .unavailable(
      "the database is not whole: " + (fault?.what ?? "the document of tidings_schema is missing")
        + "; if no restore is under way, see tidings doctor")
  }

  /// Whether the collections are empty.
  private func isEmpty() throws -> Bool {
    for collection in [Collection.messages, .logs, .marks] {
      let found = try session.find(collection.rawValue, filter: [:], projection: ["_id": 1], limit: 1)
      guard try found.documents.documents().isEmpty else { return false }
    }
    return true
  }

  private func create() throws {
    for collection in Collection.allCases {
      try session.createCollection(collection.rawValue)
      if !collection.indexes.isEmpty { try session.createIndexes(collection.rawValue, collection.indexes) }
    }
    // The last step: if the version is there, everything is.
    try session.updateOne(
      Collection.schema.rawValue, filter: ["_id": "layout"],
      update: ["$max": ["version": .int64(Collection.version)]], upsert: true
    ).get()
  }

  /// Checks that the user may read and write, if the server authenticates users.
  private func checkRights() throws {
    let reply = try session.rawCommand(["connectionStatus": 1, "showPrivileges": true], database: "admin")
    let info = try reply.get("authInfo").document()
    guard try !info.get("authenticatedUsers").array().isEmpty else { return }
    let needed: Set<String> = ["find", "insert", "update", "remove", "listCollections", "listIndexes"]
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

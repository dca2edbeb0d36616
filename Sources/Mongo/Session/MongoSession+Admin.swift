import CMongoC

/// An index to be created.
public struct MongoIndex: Sendable {
  /// The fields and their directions, such as `["log": 1, "seq": -1]`.
  public var keys: BSONDocument
  /// The index's name, unique in the collection.
  public var name: String
  /// Whether the index refuses a second document with the same values.
  public var isUnique: Bool
  /// The filter of the documents in the index; nil for all documents.
  public var partialFilter: BSONDocument?

  /// Creates the description of an index.
  public init(_ name: String, keys: BSONDocument, unique: Bool = false, partialFilter: BSONDocument? = nil) {
    self.name = name
    self.keys = keys
    isUnique = unique
    self.partialFilter = partialFilter
  }
}

extension MongoSession {
  /// Creates the indexes that don't exist. The same index under the same name changes nothing; another index
  /// under that name is an error. Several processes may do this at once.
  public func createIndexes(_ collection: String, _ indexes: [MongoIndex]) throws(MongoError) {
    var writer = BSONWriter()
    writer.append("createIndexes", collection)
    writer.append("indexes") { (array: inout BSONArrayWriter) in
      for index in indexes {
        array.append { document in
          document.append("key", index.keys)
          document.append("name", index.name)
          if index.isUnique { document.append("unique", true) }
          if let filter = index.partialFilter { document.append("partialFilterExpression", filter) }
        }
      }
    }
    let made = writer
    try writeCommand(build { (writer) throws(MongoError) in writer = made })
  }

  /// Creates a collection unless it exists.
  ///
  /// - Parameters:
  ///   - options: Further fields of the `create` command.
  public func createCollection(_ name: String, options: BSONDocument = [:]) throws(MongoError) {
    let fields = try read { () throws(BSONError) in
      var fields: [(String, BSONValue)] = []
      var reader = BSONReader(options)
      while let element = try reader.next() { fields.append((try element.key.string(), try element.value())) }
      return fields
    }
    do {
      try writeCommand(
        build { (writer) throws(MongoError) in
          writer.append("create", name)
          for (key, value) in fields { writer.append(key, value) }
        })
    } catch {
      guard error.domain == "server", error.code == Self.namespaceExists else { throw error }
    }
  }

  /// The collection's indexes, as the server lists them; none if the collection doesn't exist.
  public func listIndexes(_ collection: String) throws(MongoError) -> [BSONDocument] {
    do {
      let reply = try rawCommand(["listIndexes": .string(collection), "cursor": ["batchSize": 1000]])
      return try read { () throws(BSONError) in
        try reply.get("cursor").document().get("firstBatch").array().documents()
      }
    } catch {
      guard error.domain == "server", error.code == Self.namespaceNotFound else { throw error }
      return []
    }
  }

  /// The collections and views with these names, as the server lists them.
  public func listCollections(_ names: [String]) throws(MongoError) -> [BSONDocument] {
    let list = try read { () throws(BSONError) in try BSONArray(names.map { .string($0) }) }
    let reply = try rawCommand([
      "listCollections": 1, "filter": ["name": ["$in": .array(list)]], "cursor": ["batchSize": 1000],
    ])
    return try read { () throws(BSONError) in
      try reply.get("cursor").document().get("firstBatch").array().documents()
    }
  }

  /// Throws if no change stream of the session's database can be opened: kind ``MongoError/Kind/unsupported`` on a
  /// standalone server.
  public func tryChangeStream(_ pipeline: BSONArray) throws(MongoError) {
    let stages = try read { () throws(BSONError) in
      try BSONArray([["$changeStream": [:]]] + pipeline.values())
    }
    let reply = try rawCommand([
      "aggregate": 1, "pipeline": .array(stages), "cursor": ["batchSize": 0],
      "readConcern": ["level": "majority"],
    ])
    let cursor = try read { () throws(BSONError) in try reply.get("cursor").document().get("id").int64() }
    _ = try rawCommand(["killCursors": "$cmd.aggregate", "cursors": [.int64(cursor)]])
  }

  /// Drops the session's database with everything in it: for tests.
  public func dropDatabase() throws(MongoError) {
    try writeCommand(["dropDatabase": 1])
  }

  /// The answer to `hello`, or `isMaster` on older servers: among other fields `localTime`, the server's
  /// clock.
  public func hello() throws(MongoError) -> BSONDocument {
    do {
      return try rawCommand(["hello": 1], database: "admin")
    } catch {
      guard error.kind == .unsupported else { throw error }
      return try rawCommand(["isMaster": 1], database: "admin")
    }
  }

  /// Runs a command that writes; confirmed by a majority and not retried.
  func writeCommand(_ command: BSONDocument) throws(MongoError) {
    let options = try build { (writer) throws(MongoError) in try writeOptions(&writer) }
    let reply = BSONOwner()
    try check(.write, reply: reply) { error in
      command.withBSON { command in
        options.withBSON { options in
          mongoc_client_write_command_with_opts(client, database, command, options, reply.pointer, error)
        }
      }
    }
  }

  private static let namespaceExists: Int32 = 48
  private static let namespaceNotFound: Int32 = 26
}

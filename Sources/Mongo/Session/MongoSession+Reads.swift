import CMongoC

/// The read concern of a command: how recent and how durable the data is.
public enum MongoReadConcern: Sendable, Hashable {
  /// Data that a majority has: it isn't rolled back.
  case majority
  /// Data that a majority has, for the whole command at one point in time. Needs a replica set or sharded
  /// cluster of 5.0 or later; see ``MongoServerInfo/supportsSnapshotReads``.
  case snapshot
  /// As with `snapshot`, at the point in time of an earlier command: several commands then read one point in time. The
  /// server keeps its history for some minutes (`minSnapshotHistoryWindowInSeconds`).
  case snapshotAt(MongoClusterTime)
}

/// A point in time of a cluster.
public struct MongoClusterTime: Sendable, Hashable, Comparable {
  /// The value of the BSON timestamp.
  let value: UInt64

  /// Creates the point of a BSON timestamp: seconds in the upper half, a count within the second in the lower.
  public init(value: UInt64) { self.value = value }

  /// Whether the left point comes before the right one.
  public static func < (left: MongoClusterTime, right: MongoClusterTime) -> Bool { left.value < right.value }
}

extension MongoReadConcern {
  /// The level's name; nil for the level that the URI gives every read.
  fileprivate var level: String? {
    switch self {
    case .majority: nil
    case .snapshot, .snapshotAt: "snapshot"
    }
  }

  /// The field `readConcern` of a command.
  fileprivate func write(_ level: String, to writer: inout BSONWriter) {
    writer.append("readConcern") { (concern: inout BSONWriter) in
      concern.append("level", level)
      if case .snapshotAt(let time) = self { concern.append("atClusterTime", timestamp: time.value) }
    }
  }
}

/// The documents of one reply.
public struct MongoBatch: Sendable {
  /// The documents, which share the reply's bytes.
  public let documents: BSONArray
  /// Whether the reply has all documents: false if it reached the size of a message (16 MiB) before the last
  /// one. The rest has been given up.
  public let isComplete: Bool
  /// The point in time of a read with ``MongoReadConcern/snapshot``.
  public let clusterTime: MongoClusterTime?
}

extension MongoSession {
  /// Runs a command that reads, and returns its reply.
  ///
  /// - Parameters:
  ///   - command: The command, without `readConcern` and `maxTimeMS`: both are added.
  ///   - database: A database other than the URI's.
  public func command(
    _ command: BSONDocument, database: String? = nil, readConcern: MongoReadConcern = .majority
  ) throws(MongoError) -> BSONDocument {
    let limit = try remainingMilliseconds()
    var options: BSONDocument?
    if limit != nil || readConcern != .majority {
      options = try build { (writer) throws(MongoError) in
        if let level = readConcern.level { readConcern.write(level, to: &writer) }
        if let limit { writer.append("maxTimeMS", limit) }
      }
    }
    let reply = BSONOwner()
    try check(.read, reply: reply) { error in
      command.withBSON { command in
        BSONDocument.withOptional(options) { options in
          mongoc_client_read_command_with_opts(
            client, database ?? self.database, command, nil, options, reply.pointer, error)
        }
      }
    }
    return reply.document
  }

  /// Runs a command unchanged: no retry, no concern, no time limit. For administration.
  public func rawCommand(_ command: BSONDocument, database: String? = nil) throws(MongoError) -> BSONDocument
  {
    let reply = BSONOwner()
    try check(.write, reply: reply) { error in
      command.withBSON { command in
        mongoc_client_command_with_opts(
          client, database ?? self.database, command, nil, nil, reply.pointer, error)
      }
    }
    return reply.document
  }

  /// Returns the first `limit` documents that match, in one reply.
  ///
  /// - Parameters:
  ///   - hint: The name of the index to use.
  public func find(
    _ collection: String, filter: BSONDocument, projection: BSONDocument? = nil, sort: BSONDocument? = nil,
    skip: Int = 0, limit: Int, hint: String? = nil, readConcern: MongoReadConcern = .majority
  ) throws(MongoError) -> MongoBatch {
    try batch(
      collection, readConcern,
      Self.findCommand(
        collection, filter: filter, projection: projection, sort: sort, skip: skip, limit: limit, hint: hint))
  }

  /// The command that ``find(_:filter:projection:sort:skip:limit:hint:readConcern:)`` sends, for
  /// ``explain(_:verbosity:)``.
  public static func findCommand(
    _ collection: String, filter: BSONDocument, projection: BSONDocument? = nil, sort: BSONDocument? = nil,
    skip: Int = 0, limit: Int, hint: String? = nil
  ) -> BSONWriter {
    var writer = BSONWriter()
    writer.append("find", collection)
    writer.append("filter", filter)
    if let projection { writer.append("projection", projection) }
    if let sort { writer.append("sort", sort) }
    if skip > 0 { writer.append("skip", Int64(skip)) }
    writer.append("limit", Int64(limit))
    // The batch size equals the limit, so the server closes the cursor with this reply.
    writer.append("batchSize", Int64(limit))
    if let hint { writer.append("hint", hint) }
    return writer
  }

  /// Returns the results of a pipeline, in one reply.
  ///
  /// - Parameters:
  ///   - batchSize: A number larger than that of the expected documents, so that one reply holds them.
  public func aggregate(
    _ collection: String, pipeline: BSONArray, batchSize: Int = 100_000, hint: String? = nil,
    readConcern: MongoReadConcern = .majority
  ) throws(MongoError) -> MongoBatch {
    try batch(
      collection, readConcern,
      Self.aggregateCommand(collection, pipeline: pipeline, batchSize: batchSize, hint: hint))
  }

  /// The command that ``aggregate(_:pipeline:batchSize:hint:readConcern:)`` sends, for
  /// ``explain(_:verbosity:)``.
  public static func aggregateCommand(
    _ collection: String, pipeline: BSONArray, batchSize: Int = 100_000, hint: String? = nil
  ) -> BSONWriter {
    var writer = BSONWriter()
    writer.append("aggregate", collection)
    writer.append("pipeline", pipeline)
    writer.append("cursor") { (cursor: inout BSONWriter) in cursor.append("batchSize", Int64(batchSize)) }
    if let hint { writer.append("hint", hint) }
    return writer
  }

  /// Returns the planner's explanation of a command.
  ///
  /// - Parameters:
  ///   - verbosity: `queryPlanner`, `executionStats` or `allPlansExecution`.
  public func explain(
    _ command: consuming BSONWriter, verbosity: String = "executionStats"
  ) throws(MongoError) -> BSONDocument {
    let inner = try finish(command)
    let command = try build { (writer) throws(MongoError) in
      writer.append("explain", inner)
      writer.append("verbosity", verbosity)
    }
    return try rawCommand(command)
  }

  private func batch(
    _ collection: String, _ readConcern: MongoReadConcern, _ command: consuming BSONWriter
  ) throws(MongoError) -> MongoBatch {
    var command = command
    if let uuid = collectionUUIDs[collection] { command.append("collectionUUID", uuid) }
    let whole = try finish(command)
    let reply = try upToDate(collection) { () throws(MongoError) -> BSONDocument in
      try self.command(whole, readConcern: readConcern)
    }
    let (documents, cursor, time) = try read { () throws(BSONError) in
      let cursor = try reply.get("cursor").document()
      return (
        try cursor.get("firstBatch").array(), try cursor.get("id").int64(),
        try cursor.find("atClusterTime").map { element throws(BSONError) in
          MongoClusterTime(value: try element.timestamp())
        }
      )
    }
    if cursor != 0 { killCursor(cursor, collection) }
    return MongoBatch(documents: documents, isComplete: cursor == 0, clusterTime: time)
  }

  /// Returns the answer to a question that includes every write acknowledged before, by any primary and through any
  /// client. `collection` is one to which a write may go that changes nothing.
  func upToDate<Answer>(
    _ collection: String, _ ask: () throws(MongoError) -> Answer
  ) throws(MongoError) -> Answer {
    while true {
      let election = elections.last
      if !elections.isConfirmed(election) {
        try awaitMajority(collection)
        guard elections.last == election else { continue }
        elections.confirm(election)
      }
      let answer = try ask()
      if elections.last == election { return answer }
    }
  }

  /// Waits until the newest write of the primary is in the journals of a majority, by a write that changes
  /// nothing: the server confirms it no earlier. (A linearizable read waits for the same, but writes an entry
  /// of its own and then waits for the next periodic flush of the journals: tens of milliseconds.)
  private func awaitMajority(_ collection: String) throws(MongoError) {
    let end = ContinuousClock.now + .milliseconds(Int(writeTimeout))
    do {
      try writeNothing(collection)
    } catch {
      // Retries once, as libmongoc does with reads, if the primary has gone; not if it is slow.
      let hasGone = error.isRetryable && (error.kind == .server || error.kind == .network)
      guard hasGone, .now < end else { throw error }
      try writeNothing(collection)
    }
  }

  private func writeNothing(_ collection: String) throws(MongoError) {
    let remaining = try remainingMilliseconds()
    let limit = min(remaining ?? .max, Int64(writeTimeout))
    let command: BSONDocument = [
      "update": .string(collection),
      "updates": [["q": ["_id": nil], "u": ["$set": ["_id": nil]]]],
      // Bounds the wait for locks, which the time limit of the write concern does not.
      "maxTimeMS": .int64(limit),
      "writeConcern": ["w": "majority", "j": true, "wtimeout": .int64(limit)],
    ]
    let reply = BSONOwner()
    // Checked as a read: nothing is written whose outcome could be unknown.
    try check(.read, reply: reply) { error in
      command.withBSON {
        mongoc_client_command_with_opts(client, database, $0, nil, nil, reply.pointer, error)
      }
    }
    let document = reply.document
    let failure = try read { () throws(BSONError) in try document.find("writeConcernError")?.document() }
    guard let failure else { return }
    let text = try read { () throws(BSONError) in try failure.find("errmsg")?.string() ?? "" }
    throw MongoError(remaining == limit ? .deadlineExceeded : .writeConcern, text, domain: "write_concern")
  }

  /// Asks the server to drop a cursor. If that fails, the server drops it by itself after ten minutes.
  private func killCursor(_ cursor: Int64, _ collection: String) {
    do {
      _ = try rawCommand(["killCursors": .string(collection), "cursors": [.int64(cursor)]])
    } catch {
      return
    }
  }
}

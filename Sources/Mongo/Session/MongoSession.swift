import CMongoC

/// One thread's client, for the duration of a ``MongoClientPool/run(deadline:_:)`` body.
///
/// Not `Sendable`: libmongoc's clients belong to one thread. Reads go to the primary with majority concern
/// and are retried once by libmongoc; writes are confirmed by a majority's journals and retried once
/// where the server has retryable writes.
public final class MongoSession {
  let client: OpaquePointer
  /// The database that the URI names.
  public let database: String
  let writeTimeout: Int32
  let elections: Elections
  /// What collections are known to be. Reads, inserts and updates of one that is another by now, or gone,
  /// fail with ``MongoError/Kind/replacedCollection`` instead of reading nothing or making it anew. Needs
  /// ``MongoServerInfo/supportsCollectionUUIDs``.
  public var collectionUUIDs: [String: BSONUUID] = [:]
  private var signs = Signs()
  private var collections: [String: OpaquePointer] = [:]
  private var work: PoolWork?

  init(client: OpaquePointer, database: String, writeTimeout: Int32, elections: Elections) {
    self.elections = elections
    self.client = client
    self.database = database
    self.writeTimeout = writeTimeout
  }

  /// When the caller stops waiting.
  public var deadline: ContinuousClock.Instant? { work?.deadline }

  /// Whether the task that waits for this body was cancelled. A body may stop for that where nothing
  /// is half done.
  public var isCancelled: Bool { work?.isCancelled ?? false }

  func begin(_ work: PoolWork) {
    self.work = work
  }

  /// The thread ends: collections go before their client.
  func end() {
    for collection in collections.values { mongoc_collection_destroy(collection) }
    collections = [:]
  }

  /// What the errors since the last look mean beyond the call that they ended.
  public struct Signs: Sendable, Hashable {
    /// The database may be another, or lack an index.
    public var ofChange = false
    /// The server doesn't take this connection for the user's any more.
    public var ofLostLogin = false
  }

  /// Looks at the signs and forgets that of a change; the pool looks at the other.
  public func takeSigns() -> Signs {
    defer { signs.ofChange = false }
    return signs
  }

  /// Says that the database may be another, or lack an index, for what its contents tell.
  public func suspectChange() { signs.ofChange = true }

  func takeLostLogin() -> Bool {
    defer { signs.ofLostLogin = false }
    return signs.ofLostLogin
  }

  /// Takes the signs of an error.
  func note(_ error: MongoError) {
    switch error.kind {
    case .replacedCollection: signs.ofChange = true
    case .authentication, .unauthorized: signs.ofLostLogin = true
    case .server where error.mayLackIndex: signs.ofChange = true
    default: break
    }
  }

  /// Calls libmongoc with a place for its error, and translates that when the call returns false.
  func check(
    _ operation: MongoError.Operation, reply: borrowing BSONOwner,
    _ call: (UnsafeMutablePointer<bson_error_t>) -> Bool
  ) throws(MongoError) {
    do {
      try MongoError.check(operation, reply: reply, call)
    } catch {
      note(error)
      throw error
    }
  }

  /// libmongoc's collection, kept for the next use.
  func collection(_ name: String) -> OpaquePointer {
    if let collection = collections[name] { return collection }
    guard let collection = mongoc_client_get_collection(client, database, name) else {
      preconditionFailure("mongoc_client_get_collection never fails")
    }
    // A name is rarely new; should many come, the oldest handles are worth nothing.
    if collections.count >= 64 { end() }
    collections[name] = collection
    return collection
  }

  /// Milliseconds until the deadline, nil without one; throws once it has passed.
  func remainingMilliseconds() throws(MongoError) -> Int64? {
    guard let deadline else { return nil }
    let (seconds, attoseconds) = (deadline - .now).components
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    guard milliseconds > 0 else {
      throw MongoError(.deadlineExceeded, "the deadline passed before the command was sent")
    }
    return min(milliseconds, Int64(Int32.max))
  }

  /// The write concern's options where the deadline comes before the URI's `wtimeoutMS`.
  func writeOptions(_ writer: inout BSONWriter) throws(MongoError) {
    guard let remaining = try remainingMilliseconds(), remaining < Int64(writeTimeout) else { return }
    writer.append("writeConcern") { (concern: inout BSONWriter) in
      concern.append("w", "majority")
      concern.append("j", true)
      concern.append("wtimeout", remaining)
    }
  }

  /// Builds a document for libmongoc; one that can't be written is the caller's error.
  func build(_ body: (inout BSONWriter) throws(MongoError) -> Void) throws(MongoError) -> BSONDocument {
    var writer = BSONWriter()
    try body(&writer)
    do {
      return try writer.finish()
    } catch {
      throw MongoError(.invalidArgument, error.description, domain: "bson")
    }
  }

  /// Reads a reply; one that can't be read is the server's error.
  func read<R>(
    _ outcome: MongoError.Outcome = .known, _ body: () throws(BSONError) -> R
  ) throws(MongoError) -> R {
    do {
      return try body()
    } catch {
      throw MongoError(.malformedReply, error.description, domain: "bson", outcome: outcome)
    }
  }
}

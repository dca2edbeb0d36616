import CMongoC
import Runtime

/// One thread's client, for the duration of a ``MongoClientPool/run(deadline:_:)`` body.
///
/// Not `Sendable`: a libmongoc client belongs to one thread. Reads go to the primary with majority concern,
/// and libmongoc retries them once. Writes are confirmed by the journals of a majority, and retried once if
/// the server supports retryable writes.
public final class MongoSession {
  let client: OpaquePointer
  /// The database that the URI names.
  public let database: String
  let writeTimeout: Int32
  let elections: Elections
  /// The known UUIDs of collections. If a collection is gone or has another UUID by now, reads, inserts and
  /// updates of it fail with ``MongoError/Kind/replacedCollection`` instead of reading nothing or making it
  /// anew. Needs ``MongoServerInfo/supportsCollectionUUIDs``.
  public var collectionUUIDs: [String: BSONUUID] = [:]
  private var signs = Signs()
  private var collections: [String: OpaquePointer] = [:]
  private var work: QueuedWork?
  /// The time until which the caller waits.
  public private(set) var deadline: ContinuousClock.Instant?

  init(client: OpaquePointer, database: String, writeTimeout: Int32, elections: Elections) {
    self.elections = elections
    self.client = client
    self.database = database
    self.writeTimeout = writeTimeout
  }

  /// Whether the task that waits for this body was cancelled. A body may then stop where nothing is half
  /// done.
  public var isCancelled: Bool { work?.isCancelled ?? false }

  func begin(_ work: QueuedWork, deadline: ContinuousClock.Instant?) {
    self.work = work
    self.deadline = deadline
  }

  /// Releases the collections before their client, when the thread ends.
  func end() {
    for collection in collections.values { mongoc_collection_destroy(collection) }
    collections = [:]
  }

  /// Signs in the errors since the last look that mean more than the failure of one call.
  public struct Signs: Sendable, Hashable {
    /// The database may be another, or lack an index.
    public var ofChange = false
    /// The server no longer takes this connection for the user's.
    public var ofLostLogin = false
  }

  /// Returns the signs and clears that of a change; the pool reads and clears the other.
  public func takeSigns() -> Signs {
    defer { signs.ofChange = false }
    return signs
  }

  /// Notes that the database may be another or lack an index, judging by its contents.
  public func suspectChange() { signs.ofChange = true }

  func takeLostLogin() -> Bool {
    defer { signs.ofLostLogin = false }
    return signs.ofLostLogin
  }

  /// Notes the signs of an error.
  func note(_ error: MongoError) {
    switch error.kind {
    case .replacedCollection: signs.ofChange = true
    case .authentication, .unauthorized: signs.ofLostLogin = true
    case .server where error.mayLackIndex: signs.ofChange = true
    default: break
    }
  }

  /// Calls libmongoc with a place for its error, and throws the translated error if the call returns false.
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

  /// Returns libmongoc's handle of a collection, kept for the next use.
  func collection(_ name: String) -> OpaquePointer {
    if let collection = collections[name] { return collection }
    guard let collection = mongoc_client_get_collection(client, database, name) else {
      preconditionFailure("mongoc_client_get_collection never fails")
    }
    // Names are rarely new; if there are ever many, the oldest handles are worth nothing.
    if collections.count >= 64 { end() }
    collections[name] = collection
    return collection
  }

  /// The milliseconds until the deadline; nil without one. Throws once the deadline has passed.
  func remainingMilliseconds() throws(MongoError) -> Int64? {
    guard let deadline else { return nil }
    let (seconds, attoseconds) = (deadline - .now).components
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    guard milliseconds > 0 else {
      throw MongoError(.deadlineExceeded, "the deadline passed before the command was sent")
    }
    return min(milliseconds, Int64(Int32.max))
  }

  /// Appends the write concern if the deadline comes before the URI's `wtimeoutMS`.
  func writeOptions(_ writer: inout BSONWriter) throws(MongoError) {
    guard let remaining = try remainingMilliseconds(), remaining < Int64(writeTimeout) else { return }
    writer.append("writeConcern") { (concern: inout BSONWriter) in
      concern.append("w", "majority")
      concern.append("j", true)
      concern.append("wtimeout", remaining)
    }
  }

  /// Builds a document for libmongoc; a document that can't be written is the caller's error.
  func build(_ body: (inout BSONWriter) throws(MongoError) -> Void) throws(MongoError) -> BSONDocument {
    var writer = BSONWriter()
    try body(&writer)
    return try finish(writer)
  }

  /// Ends a document, as ``build(_:)`` does.
  func finish(_ writer: consuming BSONWriter) throws(MongoError) -> BSONDocument {
    do {
      return try writer.finish()
    } catch {
      throw MongoError(.invalidArgument, error.description, domain: "bson")
    }
  }

  /// Reads a reply; a reply that can't be read is the server's error.
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

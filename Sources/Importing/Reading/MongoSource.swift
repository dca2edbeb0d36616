import Logging
import Mongo

/// A collection of a MongoDB database that is read from its beginning to its end, by the page and in the order of the ids. Nothing
/// is ever written to it.
public struct MongoSource: Sendable {
  private let pool: MongoClientPool
  private let collection: String
  /// Hosts and database, without credentials.
  public let place: String

  /// The documents of one page at most: with its copies in the driver it stays small beside the bound of memory.
  private static let pageSize = 4_000

  /// Creates a source; waits for no server.
  public init(uri: String, collection: String, logger: Logger) throws(SourceFailure) {
    do {
      try MongoRuntime.load()
    } catch {
      throw SourceFailure(error.description)
    }
    let parsed: MongoURI
    do {
      parsed = try MongoURI(uri, defaultDatabase: "")
    } catch {
      throw SourceFailure(error.message)
    }
    guard !parsed.database.isEmpty else { throw SourceFailure("the URI of --from names no database") }
    place = parsed.description
    pool = MongoClientPool(parsed, logger: logger)
    self.collection = collection
  }

  /// The number of documents, roughly. Throws if the collection has none: its name may be mistyped.
  public func count() async throws -> Int {
    let collection = collection
    let count = try await run { session throws(MongoError) in try session.count(of: collection) }
    guard count > 0 else {
      throw SourceFailure("the source \(place) has no documents in a collection \(collection)")
    }
    return count
  }

  /// The documents after `last`, or the first ones; none at the end.
  public func page(after last: BSONDocument?) async throws -> [BSONDocument] {
    let collection = collection
    return try await run { session throws(MongoError) in
      try session.page(of: collection, after: last, limit: Self.pageSize)
    }
  }

  private func run<R: Sendable>(
    _ body: @escaping @Sendable (MongoSession) throws(MongoError) -> R
  ) async throws -> R {
    do {
      return try await pool.run { try body($0) }
    } catch let error as MongoError {
      throw SourceFailure("the source \(place): \(error)")
    }
  }

  /// Closes the connections; the process then leaves by `_exit`.
  public func close() async { await pool.close(patience: .milliseconds(20)) }
}

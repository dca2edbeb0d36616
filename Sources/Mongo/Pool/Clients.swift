import CMongoC
import Locks

/// libmongoc's pool of clients, of which each belongs to one thread at a time.
///
/// `@unchecked Sendable`: the pointer never changes, and libmongoc's functions on a pool are safe on every
/// thread.
final class Clients: @unchecked Sendable {
  private let pool: OpaquePointer
  /// libmongoc has the address of the observer until the pool is destroyed.
  private let observer: TopologyObserver
  private let threads: Int
  // Held while libmongoc is told the new size, so that the last size it hears is the greatest.
  private let discarded = Locked(0)

  /// Makes the pool, whose events go to the observer.
  init(_ uri: MongoURI, _ observer: TopologyObserver) throws(MongoError) {
    guard let parsed = uri.makeURI() else {
      throw MongoError(.invalidArgument, "the MongoDB URI is not valid")
    }
    defer { mongoc_uri_destroy(parsed) }
    var error = bson_error_t()
    guard let pool = mongoc_client_pool_new_with_error(parsed, &error) else {
      throw MongoError(error, .read, reply: nil)
    }
    self.pool = pool
    self.observer = observer
    threads = uri.threads
    mongoc_client_pool_set_error_api(pool, 2)
    mongoc_client_pool_max_size(pool, room(beside: 0))
    observer.observe(pool)
  }

  /// Takes a client; the first one starts the monitoring of the servers.
  func pop() -> OpaquePointer {
    guard let client = mongoc_client_pool_pop(pool) else { preconditionFailure("the pool has room") }
    return client
  }

  /// Gives a client back.
  func push(_ client: OpaquePointer) { mongoc_client_pool_push(pool, client) }

  /// Ends a client and its connections. libmongoc's pool does the same with surplus clients, but goes on
  /// counting this one, so the pool gets room for another.
  func discard(_ client: OpaquePointer) {
    mongoc_client_destroy(client)
    discarded.withLock { discarded in
      discarded += 1
      mongoc_client_pool_max_size(pool, room(beside: discarded))
    }
  }

  /// Ends the sessions on the server, then joins libmongoc's monitoring threads, the last to call the
  /// observer. To be called once, when no client is in use.
  func destroy() { mongoc_client_pool_destroy(pool) }

  /// The size of libmongoc's pool: the threads, room for change streams, and the discarded clients, which
  /// libmongoc still counts. With all of them counted here, a pop never waits.
  private func room(beside discarded: Int) -> UInt32 { UInt32(clamping: threads + 1024 + discarded) }
}

import CMongoC
import Locks

/// A change stream's thread and what others tell it.
final class ChangeStreamCore: PoolMember {
  private struct State: Sendable {
    var hasEnded = false
    var isAvailable = false
  }

  private let pipeline: BSONArray
  private let wait: Int64
  private let listener: @Sendable (MongoChangeStream.Event) -> Void
  // Held for a look or a change; only the stream's thread waits for it.
  private let state = Monitor(State())

  init(
    pipeline: BSONArray, wait: Duration, _ listener: @escaping @Sendable (MongoChangeStream.Event) -> Void
  ) {
    self.pipeline = pipeline
    self.wait = max(1, wait.components.seconds * 1000 + wait.components.attoseconds / 1_000_000_000_000_000)
    self.listener = listener
  }

  func availabilityChanged(_ isAvailable: Bool) {
    state.update { $0.isAvailable = isAvailable }
  }

  func close() {
    state.update { $0.hasEnded = true }
  }

  func fail(_ error: MongoError) {
    let isNew = state.update { state in
      defer { state.hasEnded = true }
      return !state.hasEnded
    }
    if isNew { listener(.failed(error)) }
  }

  private var hasEnded: Bool { state.withLock { $0.hasEnded } }
}

// MARK: The thread

extension ChangeStreamCore {
  /// The pause before the stream is opened again after an error.
  private static let pause = Duration.milliseconds(100)

  /// Opens the stream, reads, and opens it again until it ends.
  func run(in pool: PoolCore) {
    var pauses = false
    while isReady(pauses) {
      let client = pool.clients.pop()
      var isOpen = false
      do throws(MongoError) {
        try read(client, pool, &isOpen)
        pool.clients.push(client)
        pauses = false
      } catch {
        // A user who was made anew is not served by old connections.
        if error.kind == .unauthorized { pool.clients.discard(client) } else { pool.clients.push(client) }
        guard isOpen || error.isRetryable else { return fail(error) }
        pool.logger.info("MongoDB change stream: \(error)")
        pauses = true
      }
    }
  }

  /// Waits until the stream may be opened; returns false if it has ended.
  private func isReady(_ pauses: Bool) -> Bool {
    if pauses { _ = state.wait(atMost: Self.pause) { $0.hasEnded ? () : nil } }
    return state.wait { $0.hasEnded ? false : $0.isAvailable ? true : nil }
  }

  /// Reads until the stream ends, or has to be opened anew.
  private func read(
    _ client: OpaquePointer, _ pool: PoolCore, _ isOpen: inout Bool
  ) throws(MongoError) {
    let era = pool.era
    let database = mongoc_client_get_database(client, pool.uri.database)
    defer { mongoc_database_destroy(database) }
    let options: BSONDocument = ["maxAwaitTimeMS": .int64(wait)]
    let stream = pipeline.document.withBSON { pipeline in
      options.withBSON { mongoc_database_watch(database, pipeline, $0) }
    }
    defer { mongoc_change_stream_destroy(stream) }
    try check(stream)
    isOpen = true
    listener(.opened)
    var next: OpaquePointer?
    while !hasEnded, pool.era == era {
      guard mongoc_change_stream_next(stream, &next), let next else {
        try check(stream)
        continue
      }
      let change = BSONDocument(copying: next)
      listener(.change(change))
      if isInvalidate(change) { return }
    }
  }

  private func check(_ stream: OpaquePointer?) throws(MongoError) {
    var error = bson_error_t()
    var reply: OpaquePointer?
    guard mongoc_change_stream_error_document(stream, &error, &reply) else { return }
    throw MongoError(error, .read, reply: reply.map { BSONDocument(copying: $0) })
  }

  /// Whether a change says that the database is gone: the server has closed the cursor.
  private func isInvalidate(_ change: BSONDocument) -> Bool {
    do {
      return try change.find("operationType")?.string() == "invalidate"
    } catch {
      return false
    }
  }
}

import CMongoC
import Locks

/// A change stream: what it reads, for whom, and which of its readers is the present one.
final class ChangeStreamCore: Sendable {
  fileprivate struct State: Sendable {
    var hasEnded = false
    var isAvailable = false
    /// The number of the present reader: an earlier one may still hang at a server that is frozen.
    var reader = 0
    /// The era of the servers that the present reader reads; nil while it reads nothing.
    var era: Int?
  }

  fileprivate let pipeline: BSONArray
  fileprivate let wait: Int64
  fileprivate let listener: @Sendable (MongoChangeStream.Event) -> Void
  // Held for a look or a change; only the readers' threads wait for it.
  fileprivate let state = Monitor(State())

  init(
    pipeline: BSONArray, wait: Duration, _ listener: @escaping @Sendable (MongoChangeStream.Event) -> Void
  ) {
    self.pipeline = pipeline
    self.wait = max(1, wait.components.seconds * 1000 + wait.components.attoseconds / 1_000_000_000_000_000)
    self.listener = listener
  }

  /// The first reader.
  var reader: ChangeStreamReader { ChangeStreamReader(self, 0) }

  func close() {
    state.update { $0.hasEnded = true }
  }
}

/// One thread that reads a change stream, until it is the present one no longer.
final class ChangeStreamReader: PoolMember {
  private let core: ChangeStreamCore
  private let number: Int
  private var state: Monitor<ChangeStreamCore.State> { core.state }

  fileprivate init(_ core: ChangeStreamCore, _ number: Int) { (self.core, self.number) = (core, number) }

  func availabilityChanged(_ isAvailable: Bool) {
    state.update { $0.isAvailable = isAvailable }
  }

  /// Has another thread read on if this one reads from servers that are past. A server that is frozen would hold it up
  /// until its socket's timeout.
  func primaryChanged(in pool: PoolCore) {
    let era = pool.era
    let next = state.withLock { state -> Int? in
      guard isPresent(state), let read = state.era, read != era else { return nil }
      state.reader += 1
      state.era = nil
      return state.reader
    }
    if let next { pool.add(ChangeStreamReader(core, next)) }
  }

  func close() { core.close() }

  func fail(_ error: MongoError) {
    let isNew = state.update { state in
      guard isPresent(state) else { return false }
      state.hasEnded = true
      return true
    }
    if isNew { core.listener(.failed(error)) }
  }

  private func isPresent(_ state: ChangeStreamCore.State) -> Bool {
    !state.hasEnded && state.reader == number
  }

  private var isPresent: Bool { state.withLock { isPresent($0) } }
}

// MARK: The thread

extension ChangeStreamReader {
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
    if pauses { _ = state.wait(atMost: Self.pause) { isPresent($0) ? nil : () } }
    return state.wait { !isPresent($0) ? false : $0.isAvailable ? true : nil }
  }

  /// Reads until the stream ends, or has to be opened anew.
  private func read(
    _ client: OpaquePointer, _ pool: PoolCore, _ isOpen: inout Bool
  ) throws(MongoError) {
    let era = pool.era
    state.withLock { if isPresent($0) { $0.era = era } }
    defer { state.withLock { if isPresent($0) { $0.era = nil } } }
    let database = mongoc_client_get_database(client, pool.uri.database)
    defer { mongoc_database_destroy(database) }
    let options: BSONDocument = ["maxAwaitTimeMS": .int64(core.wait)]
    let stream = core.pipeline.document.withBSON { pipeline in
      options.withBSON { mongoc_database_watch(database, pipeline, $0) }
    }
    defer { mongoc_change_stream_destroy(stream) }
    try check(stream)
    isOpen = true
    guard isPresent else { return }
    core.listener(.opened)
    var next: OpaquePointer?
    while isPresent, pool.era == era {
      guard mongoc_change_stream_next(stream, &next), let next else {
        try check(stream)
        continue
      }
      let change = BSONDocument(copying: next)
      core.listener(.change(change))
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

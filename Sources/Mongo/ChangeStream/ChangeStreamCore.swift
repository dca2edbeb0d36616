import CMongoC
import Locks

/// A change stream's thread and the state that it shares with the consumer.
final class ChangeStreamCore: PoolMember {
  typealias Consumer = CheckedContinuation<MongoChangeStream.Event?, any Error>

  private struct State: Sendable {
    var buffer: ChangeStreamBuffer<Consumer>
    var isAvailable = false
  }

  private let collection: String
  private let pipeline: BSONArray
  private let fullDocument: String?
  private let wait: Int64
  // Held for a look or an entry; the stream's thread waits for it.
  private let state: Monitor<State>

  init(
    collection: String, pipeline: BSONArray, token: BSONDocument?, fullDocument: String?, wait: Duration,
    limit: Int
  ) {
    self.collection = collection
    self.pipeline = pipeline
    self.fullDocument = fullDocument
    self.wait = max(1, wait.components.seconds * 1000 + wait.components.attoseconds / 1_000_000_000_000_000)
    state = Monitor(State(buffer: ChangeStreamBuffer(limit: limit, token: token)))
  }

  var consumedToken: BSONDocument? { state.withLock { $0.buffer.consumedToken } }

  func availabilityChanged(_ isAvailable: Bool) {
    state.update { $0.isAvailable = isAvailable }
  }
}

// MARK: The consumer

extension ChangeStreamCore {
  func take(_ consumer: Consumer) {
    let taken = state.update { state -> ChangeStreamBuffer<Consumer>.Taken in
      // If the task was cancelled before it came here, nobody else ends its wait.
      if withUnsafeCurrentTask(body: { $0?.isCancelled ?? false }) { return .end(nil) }
      return state.buffer.take(consumer)
    }
    switch taken {
    case .event(let event): consumer.resume(returning: event)
    case .end(let error?): consumer.resume(throwing: error)
    case .end(nil): consumer.resume(returning: nil)
    case .waits: break
    case .refused: preconditionFailure("a change stream has one consumer at a time")
    }
  }

  func stopTaking() {
    state.withLock { $0.buffer.stopTaking() }?.resume(returning: nil)
  }

  func close() {
    finish(nil, dropping: true)
  }

  func fail(_ error: MongoError) {
    finish(error, dropping: false)
  }

  private func finish(_ error: MongoError?, dropping: Bool) {
    let consumer = state.update { $0.buffer.finish(error, dropping: dropping) }
    if let error { consumer?.resume(throwing: error) } else { consumer?.resume(returning: nil) }
  }
}

// MARK: The thread

extension ChangeStreamCore {
  private enum Pause {
    case availability
    case moment
  }

  /// Opens the stream, reads, and opens it again until it ends.
  func run(in pool: PoolCore) {
    var token = consumedToken
    var pause = Pause.availability
    while isReady(after: pause) {
      let client = pool.clients.pop()
      do throws(MongoError) {
        try read(client, database: pool.uri.database, token: &token)
        pool.clients.push(client)
        finish(nil, dropping: false)
        break
      } catch {
        pool.clients.push(client)
        guard error.isRetryable || Self.resumable.contains(error.code) else {
          fail(error)
          break
        }
        pool.logger.info("MongoDB change stream: \(error)")
        pause = .moment
      }
    }
  }

  /// CursorNotFound, and errors after a shard's routing has changed: the stream resumes from its token.
  private static let resumable: Set<Int32> = [43, 63, 133, 150, 13388]

  /// Waits until the stream may be opened (again); returns false if it has ended.
  private func isReady(after pause: Pause) -> Bool {
    if pause == .moment { _ = state.wait(atMost: .milliseconds(100)) { $0.buffer.hasEnded ? () : nil } }
    return state.wait { $0.buffer.hasEnded ? false : $0.isAvailable ? true : nil }
  }

  /// Reads until the stream ends, by itself or because it was closed.
  private func read(
    _ client: OpaquePointer, database: String, token: inout BSONDocument?
  ) throws(MongoError) {
    let handle = mongoc_client_get_collection(client, database, collection)
    defer { mongoc_collection_destroy(handle) }
    let options = options(token: token)
    let stream = pipeline.document.withBSON { pipeline in
      options.withBSON { mongoc_collection_watch(handle, pipeline, $0) }
    }
    defer { mongoc_change_stream_destroy(stream) }
    try check(stream)
    add(.opened(resumed: token != nil), token: token)
    var next: OpaquePointer?
    while !hasEnded {
      if mongoc_change_stream_next(stream, &next), let next {
        let change = BSONDocument(copying: next)
        token = currentToken(stream)
        add(.change(change), token: token)
        if isInvalidate(change) { return }
      } else {
        try check(stream)
        token = currentToken(stream) ?? token
        quiet(token: token)
      }
    }
  }

  private func options(token: BSONDocument?) -> BSONDocument {
    var fields: [(String, BSONValue)] = [("maxAwaitTimeMS", .int64(wait))]
    if let token { fields.append(("resumeAfter", .document(token))) }
    if let fullDocument { fields.append(("fullDocument", .string(fullDocument))) }
    var writer = BSONWriter()
    for (key, value) in fields { writer.append(key, value) }
    do {
      return try writer.finish()
    } catch {
      preconditionFailure("a server's token is small: \(error)")
    }
  }

  private func check(_ stream: OpaquePointer?) throws(MongoError) {
    var error = bson_error_t()
    var reply: OpaquePointer?
    guard mongoc_change_stream_error_document(stream, &error, &reply) else { return }
    throw MongoError(error, .read, reply: reply.map { BSONDocument(copying: $0) })
  }

  private func currentToken(_ stream: OpaquePointer?) -> BSONDocument? {
    mongoc_change_stream_get_resume_token(stream).map { BSONDocument(copying: $0) }
  }

  /// Whether a change says that the collection is gone: the server has closed the cursor, and there is
  /// nothing to resume.
  private func isInvalidate(_ change: BSONDocument) -> Bool {
    do {
      return try change.find("operationType")?.string() == "invalidate"
    } catch {
      return false
    }
  }

  private var hasEnded: Bool { state.withLock { $0.buffer.hasEnded } }

  private func quiet(token: BSONDocument?) {
    state.withLock { $0.buffer.quiet(token: token) }
  }

  /// Gives an event to the consumer, or waits for room.
  private func add(_ event: MongoChangeStream.Event, token: BSONDocument?) {
    let consumer = state.wait { state -> Consumer?? in
      if state.buffer.isFull, !state.buffer.hasEnded { return nil }
      return .some(state.buffer.add(event, token: token))
    }
    consumer?.resume(returning: event)
  }
}

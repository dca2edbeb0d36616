import Locks
import Mongo
import MongoSupport
import Testing

@Suite("Change streams", .timeLimit(.minutes(10)))
struct MongoChangeStreamTests {
  private typealias Events = AsyncStream<MongoChangeStream.Event>.AsyncIterator

  /// Ends the events when the listener is released: when the stream's thread has ended.
  private final class Listener: Sendable {
    let continuation: AsyncStream<MongoChangeStream.Event>.Continuation

    init(_ continuation: AsyncStream<MongoChangeStream.Event>.Continuation) {
      self.continuation = continuation
    }

    deinit { continuation.finish() }
  }

  /// Follows a pool's database; the events end once the stream's thread has ended and the stream is released.
  private func follow(_ pool: MongoClientPool, _ pipeline: BSONArray = []) -> (MongoChangeStream?, Events) {
    let (events, continuation) = AsyncStream<MongoChangeStream.Event>.makeStream()
    let listener = Listener(continuation)
    return (pool.changes(pipeline) { listener.continuation.yield($0) }, events.makeAsyncIterator())
  }

  private func number(_ event: MongoChangeStream.Event?) throws -> Int64? {
    guard case .change(let change) = event else { return nil }
    return try change.get("documentKey").document().get("_id").int64()
  }

  private func isOpened(_ event: MongoChangeStream.Event?) -> Bool {
    if case .opened = event { true } else { false }
  }

  @Test("tells of the database's changes in order, until it is closed")
  func inserts() async throws {
    try await withPool(TestMongod.shared(.replicaSet())) { pool in
      var (stream, events) = follow(pool, [["$match": ["operationType": "insert"]]])
      #expect(isOpened(await events.next()))
      _ = try await pool.run { try $0.insertMany("log", (1...500).map { ["_id": .int64($0)] }).get() }
      _ = try await pool.run { try $0.insertMany("other", [["_id": 501]]).get() }
      for expected in Int64(1)...501 { #expect(try number(await events.next()) == expected) }
      stream?.close()
      stream = nil
      #expect(await events.next() == nil, "its thread has ended")
    }
  }

  @Test("opens anew after the server was away, and after a lost history")
  func resumes() async throws {
    let mongod = try await TestMongod.start(.replicaSet())
    try await withPool(mongod) { pool in
      _ = try await pool.run { try $0.insertMany("log", [["_id": 0]]).get() }
      var (stream, events) = follow(pool)
      #expect(isOpened(await events.next()))
      _ = try await pool.run { try $0.insertMany("log", [["_id": 1]]).get() }
      #expect(try number(await events.next()) == 1)
      await mongod.kill(member: 0)
      try mongod.launch(member: 0)
      try await eventually { try await pool.run { try $0.insertOnce("log", 2) } }
      // libmongoc may have resumed by itself, and told the change, before the stream was opened anew.
      while let event = await events.next(), !isOpened(event) {}
      for (id, code) in [(Int64(3), 286), (4, 280)] {
        // ChangeStreamHistoryLost and ChangeStreamFatalError.
        try await mongod.command([
          "configureFailPoint": "failCommand", "mode": ["times": 1],
          "data": ["failCommands": ["getMore"], "errorCode": .int64(Int64(code))],
        ])
        while let event = await events.next(), !isOpened(event) {}
        _ = try await pool.run { try $0.insertMany("log", [["_id": .int64(id)]]).get() }
        #expect(try number(await events.next()) == id)
      }
      stream?.close()
      stream = nil
      #expect(await events.next() == nil)
    }
    await mongod.stop()
  }

  @Test("a standalone server has none")
  func standalone() async throws {
    try await withPool(TestMongod.shared(.standalone)) { pool in
      var (stream, events) = follow(pool)
      guard case .failed(let error) = await events.next() else { return #expect(Bool(false), "it has one") }
      #expect(error.kind == .unsupported && !error.isRetryable)
      let error2 = await failure { try await pool.run { try $0.tryChangeStream([]) } }
      #expect(error2?.kind == .unsupported)
      stream?.close()
      stream = nil
      #expect(await events.next() == nil)
    }
  }

  @Test("opens anew when the database is dropped, and ends with the pool")
  func ends() async throws {
    let mongod = try await TestMongod.shared(.replicaSet())
    try await withPool(mongod) { pool in
      try await pool.run { try $0.createCollection("log") }
      try await pool.run { try $0.tryChangeStream([]) }
      var (stream, events) = follow(pool)
      #expect(isOpened(await events.next()))
      try await pool.run { try $0.dropDatabase() }
      var last: String?
      while case .change(let change)? = await events.next() {
        last = try change.get("operationType").string()
      }
      #expect(last == "invalidate")
      _ = try await pool.run { try $0.insertMany("log", [["_id": 1]]).get() }
      #expect(try number(await events.next()) == 1)
      stream?.close()
    }
    let pool = MongoClientPool(try MongoURI(mongod.uri(database: "none")), logger: .quiet)
    var (stream, events) = follow(pool)
    #expect(isOpened(await events.next()))
    await pool.close()
    // Its thread has ended: nobody else has the listener.
    stream?.close()
    stream = nil
    #expect(await events.next() == nil)
    (stream, events) = follow(pool)
    stream?.close()
    guard case .failed(let error) = await events.next() else {
      return #expect(Bool(false), "the pool is closed")
    }
    #expect(error.kind == .closed)
  }

  /// Pools that are left to the process: somebody must have them until it ends.
  private static let left = Locked<[MongoClientPool]>([])

  @Test("a pool that need not end in order leaves it to the process")
  func leaves() async throws {
    let mongod = try await TestMongod.shared(.replicaSet())
    let pool = MongoClientPool(try MongoURI(mongod.uri(database: "none")), logger: .quiet)
    Self.left.withLock { $0.append(pool) }
    let (events, continuation) = AsyncStream<MongoChangeStream.Event>.makeStream()
    let stream = pool.changes([], wait: .seconds(3600)) { continuation.yield($0) }
    for await event in events where isOpened(event) { break }
    // The stream waits for a change that does not come.
    await pool.close(patience: .milliseconds(20))
    withExtendedLifetime(stream) {}
  }
}

import Mongo
import MongoSupport
import Testing

@Suite("Change streams", .timeLimit(.minutes(10)))
struct MongoChangeStreamTests {
  private func number(_ event: MongoChangeStream.Event?) throws -> Int64? {
    guard case .change(let change) = event else { return nil }
    return try change.get("documentKey").document().get("_id").int64()
  }

  private func isOpened(_ event: MongoChangeStream.Event?, resumed: Bool) -> Bool {
    if case .opened(resumed) = event { true } else { false }
  }

  @Test("tells of inserts in order, and goes on from a token")
  func inserts() async throws {
    try await withPool(TestMongod.shared(.replicaSet())) { pool in
      let stream = pool.changes(in: "log", pipeline: [["$match": ["operationType": "insert"]]])
      var events = stream.makeAsyncIterator()
      #expect(isOpened(try await events.next(), resumed: false))
      _ = try await pool.run { try $0.insertMany("log", [["_id": 1], ["_id": 2], ["_id": 3]]).get() }
      #expect(try number(try await events.next()) == 1)
      #expect(try number(try await events.next()) == 2)
      let token = try #require(stream.resumeToken)
      stream.close()
      #expect(try await events.next() == nil)

      let later = pool.changes(in: "log", resumeAfter: token)
      var rest = later.makeAsyncIterator()
      #expect(isOpened(try await rest.next(), resumed: true))
      #expect(try number(try await rest.next()) == 3)
      _ = try await pool.run { try $0.insertMany("log", [["_id": 4]]).get() }
      #expect(try number(try await rest.next()) == 4)
    }
  }

  @Test("goes on after the server was away")
  func resumes() async throws {
    let mongod = try await TestMongod.start(.replicaSet())
    try await withPool(mongod) { pool in
      _ = try await pool.run { try $0.insertMany("log", [["_id": 0]]).get() }
      let stream = pool.changes(in: "log")
      var events = stream.makeAsyncIterator()
      #expect(isOpened(try await events.next(), resumed: false))
      _ = try await pool.run { try $0.insertMany("log", [["_id": 1]]).get() }
      #expect(try number(try await events.next()) == 1)
      await mongod.kill(member: 0)
      try mongod.launch(member: 0)
      try await eventually { try await pool.run { try $0.insertOnce("log", 2) } }
      // libmongoc may have resumed by itself; then there is no second opening.
      var event = try await events.next()
      if isOpened(event, resumed: true) { event = try await events.next() }
      #expect(try number(event) == 2)
    }
    await mongod.stop()
  }

  @Test("a standalone server has none")
  func standalone() async throws {
    try await withPool(TestMongod.shared(.standalone)) { pool in
      var events = pool.changes(in: "log").makeAsyncIterator()
      let error = await failure { try await events.next() }
      #expect(error?.kind == .unsupported && error?.isRetryable == false)
      let next = try await events.next()
      #expect(next == nil)
    }
  }

  @Test("ends when the collection is dropped, when its task is cancelled, and with the pool")
  func ends() async throws {
    let mongod = try await TestMongod.shared(.replicaSet())
    try await withPool(mongod) { pool in
      try await pool.run { try $0.createCollection("log") }
      var events = pool.changes(in: "log").makeAsyncIterator()
      #expect(isOpened(try await events.next(), resumed: false))
      try await pool.run { try $0.dropDatabase() }
      var last: String?
      while case .change(let change)? = try await events.next() {
        last = try change.get("operationType").string()
      }
      #expect(last == "invalidate")

      let other = pool.changes(in: "other")
      let task = Task {
        var events = other.makeAsyncIterator()
        while try await events.next() != nil {}
      }
      task.cancel()
      try await task.value
    }
    let pool = MongoClientPool(try MongoURI(mongod.uri(database: "none")), logger: .quiet)
    let stream = pool.changes(in: "log")
    var events = stream.makeAsyncIterator()
    #expect(isOpened(try await events.next(), resumed: false))
    async let next = events.next()
    await pool.close()
    #expect(try await next == nil)
  }

  @Test("a slow consumer holds the stream back and misses nothing")
  func backpressure() async throws {
    try await withPool(TestMongod.shared(.replicaSet())) { pool in
      var events = pool.changes(in: "log", buffer: 2).makeAsyncIterator()
      #expect(isOpened(try await events.next(), resumed: false))
      _ = try await pool.run { session in
        try session.insertMany("log", (1...500).map { ["_id": .int64($0)] }).get()
      }
      for expected in Int64(1)...500 { #expect(try number(try await events.next()) == expected) }
    }
  }
}

import Foundation
import Mongo
import MongoSupport
import Synchronization
import Testing

/// Each of these tests has a server of its own, which it may break.
@Suite("Faults", .serialized)
struct FaultTests {
  @Test("a dead server gives unavailable, and its return heals", arguments: SessionTests.topologies)
  func killed(topology: TestMongod.Topology) async throws {
    let mongod = try await TestMongod.start(topology)
    try await withPool(mongod, options: "serverSelectionTimeoutMS=1000") { pool in
      try await eventually { try await pool.run { try $0.insertOnce("log", 1) } }
      await mongod.kill(member: 0)
      // The connection may break during the first call; from then on there is no primary.
      let error = await failure { try await pool.run { try $0.count("log", filter: [:]) } }
      #expect(error?.isRetryable == true)
      for _ in 0..<3 {
        let error = await failure { try await pool.run { $0.insertMany("log", [["_id": 2]]) } }
        #expect(error?.kind == .unavailable && error?.outcome == .known)
        #expect(error?.message.contains("primary") == true)
      }
      #expect(!pool.isAvailable)
      try mongod.launch(member: 0)
      let count = try await eventually { try await pool.run { try $0.count("log", filter: [:]) } }
      #expect(count == 1)
      #expect(pool.isAvailable && pool.lastError == nil)
    }
    await mongod.stop()
  }

  @Test("the election of another primary heals")
  func election() async throws {
    let mongod = try await TestMongod.start(.replicaSet(members: 3))
    try await withPool(mongod) { pool in
      _ = try await pool.run { try $0.insertMany("log", [["_id": 1]]).get() }
      let primary = try await pool.run { try $0.hello().get("me").string() }
      let member = try #require(mongod.ports.firstIndex { primary == "127.0.0.1:\($0)" })
      await mongod.kill(member: member)
      let count = try await eventually {
        try await pool.run { session in
          try session.insertOnce("log", 2)
          return try session.count("log", filter: [:])
        }
      }
      #expect(count == 2)
      #expect(try await pool.run { try $0.hello().get("me").string() } != primary)
    }
    await mongod.stop()
  }

  @Test("a write whose answer is lost has an unknown outcome", arguments: SessionTests.topologies)
  func lostAnswer(topology: TestMongod.Topology) async throws {
    let mongod = try await TestMongod.start(topology)
    try await withPool(mongod) { pool in
      try await pool.run { try $0.createCollection("log") }
      // Twice, since libmongoc makes a second attempt where it can.
      try await mongod.command([
        "configureFailPoint": "failCommand", "mode": ["times": 2],
        "data": ["failCommands": ["insert"], "closeConnection": true],
      ])
      let result = try await pool.run { $0.insertMany("log", [["_id": 1]]) }
      #expect(result.outcome == .unknown)
      #expect(result.error?.kind == .network && result.error?.isRetryable == true)
      try await mongod.command(["configureFailPoint": "failCommand", "mode": "off"])
      try await eventually { try await pool.run { try $0.insertMany("log", [["_id": 2]]).get() } }
    }
    await mongod.stop()
  }

  @Test("one lost answer is retried, where the server can tell")
  func retried() async throws {
    let mongod = try await TestMongod.start(.replicaSet())
    try await withPool(mongod) { pool in
      try await pool.run { try $0.createCollection("log") }
      for commands: BSONValue in [["insert"], ["update"], ["find"], ["aggregate"]] {
        try await mongod.command([
          "configureFailPoint": "failCommand", "mode": ["times": 1],
          "data": ["failCommands": commands, "closeConnection": true],
        ])
        try await pool.run { session in
          try session.insertMany("log", [[:]]).get()
          try session.updateOne("log", filter: [:], update: ["$set": ["x": 2]]).get()
          _ = try session.find("log", filter: [:], limit: 1)
          _ = try session.count("log", filter: [:])
        }
      }
      #expect(try await pool.run { try $0.count("log", filter: [:]) } == 4)
    }
    await mongod.stop()
  }

  @Test("a write that no majority confirms has an unknown outcome")
  func writeConcernError() async throws {
    let mongod = try await TestMongod.start(.replicaSet())
    try await withPool(mongod) { pool in
      try await pool.run { try $0.createCollection("log") }
      try await mongod.command([
        "configureFailPoint": "failCommand", "mode": ["times": 2],
        "data": [
          "failCommands": ["insert", "update"],
          "writeConcernError": ["code": .int32(64), "errmsg": "waiting for replication timed out"],
        ],
      ])
      let result = try await pool.run { $0.insertMany("log", [["_id": 1], ["_id": 2]]) }
      #expect(result.inserted == 2)
      #expect(result.writeConcernErrors.map(\.code) == [64])
      #expect(result.outcome == .unknown && result.failure == nil)
      let error = try #require(result.error)
      #expect(error.hasWriteConcernError && error.kind == .writeConcern && error.isRetryable)
      let changed = try await pool.run { $0.updateOne("log", filter: ["_id": 1], update: ["$set": ["x": 1]]) }
      #expect(changed.error?.hasWriteConcernError == true && changed.outcome == .unknown)
    }
    await mongod.stop()
  }

  @Test("a primary that stepped down after the write leaves its outcome unknown")
  func notPrimary() async throws {
    let mongod = try await TestMongod.start(.replicaSet())
    try await withPool(mongod) { pool in
      try await pool.run { try $0.createCollection("log") }
      try await mongod.command([
        "configureFailPoint": "failCommand", "mode": ["times": 2],
        "data": [
          "failCommands": ["insert"], "errorCode": .int32(91), "errorLabels": ["RetryableWriteError"],
        ],
      ])
      let result = try await pool.run { $0.insertMany("log", [["_id": 1]]) }
      #expect(result.outcome == .unknown)
      #expect(result.error?.code == 91 && result.error?.isRetryable == true)
      #expect(result.error?.labels == ["RetryableWriteError"])
    }
    await mongod.stop()
  }

  @Test("a wrong password is refused as such and is not told")
  func wrongPassword() async throws {
    let mongod = try await TestMongod.start(.standalone, arguments: ["--auth"])
    try await mongod.command([
      "createUser": "root", "pwd": "r00t", "roles": [["role": "root", "db": "admin"]],
    ])
    try await mongod.command(
      user: "root:r00t",
      ["createUser": "reader", "pwd": "s3cret", "roles": [["role": "read", "db": "some"]]])
    func pool(_ user: String) throws -> MongoClientPool {
      let text = mongod.uri(
        database: "some", user: user, options: "authSource=admin&serverSelectionTimeoutMS=60000")
      return MongoClientPool(try MongoURI(text), logger: .quiet)
    }
    let wrong = try pool("reader:wr0ng")
    let error = await failure { try await wrong.run { try $0.count("log", filter: [:]) } }
    #expect(error?.kind == .authentication && error?.isRetryable == false)
    #expect(error.map { "\($0)".contains("wr0ng") } == false)
    await wrong.close()

    let right = try pool("reader:s3cret")
    #expect(try await right.run { try $0.count("log", filter: [:]) } == 0)
    let denied = await failure { try await right.run { try $0.insertMany("log", [[:]]).get() } }
    #expect(denied?.kind == .unauthorized && denied?.outcome == .known)
    await right.close()
    await mongod.stop()
  }
}

/// The error that `body` throws.
func failure(_ body: () async throws -> some Any) async -> MongoError? {
  do {
    _ = try await body()
    return nil
  } catch {
    return error as? MongoError
  }
}

extension MongoSession {
  /// Inserts a document with this `_id`. A duplicate key is the answer if the outcome of an earlier attempt was
  /// unknown.
  func insertOnce(_ collection: String, _ id: Int64) throws {
    let result = insertMany(collection, [["_id": .int64(id)]])
    if result.error?.isDuplicateKey != true { try result.get() }
  }
}

/// Tries again as long as the error says that this may help, for at most four minutes.
@discardableResult
func eventually<R>(_ body: () async throws -> R) async throws -> R {
  let end = ContinuousClock.now + .seconds(240)
  while true {
    do {
      return try await body()
    } catch let error as MongoError where error.isRetryable && .now < end {
      continue
    }
  }
}

import Mongo
import MongoSupport
import Testing

@Suite("Commands on a real server")
struct SessionTests {
  static let topologies: [TestMongod.Topology] = [.replicaSet(), .standalone]

  private func documents(_ range: ClosedRange<Int64>) -> [BSONDocument] {
    range.map { ["log": "a", "seq": .int64($0), "text": .string("message \($0)")] }
  }

  private static let unique = MongoIndex("log_seq", keys: ["log": 1, "seq": -1], unique: true)

  @Test("inserts, finds, counts and explains", arguments: topologies)
  func reads(topology: TestMongod.Topology) async throws {
    try await withPool(TestMongod.shared(topology)) { pool in
      let documents = documents(1...50)
      try await pool.run { session in
        try session.createCollection("log")
        try session.createCollection("log")
        try session.createIndexes("log", [Self.unique])
        try session.createIndexes("log", [Self.unique])
        #expect(try session.listIndexes("log").count == 2)
        #expect(try session.listIndexes("none").isEmpty)
        let result = try session.insertMany("log", documents).get()
        #expect(result.inserted == 50 && result.outcome == .known)

        let page = try session.find(
          "log", filter: ["log": "a"], projection: ["_id": 0, "seq": 1], sort: ["seq": -1], skip: 2, limit: 12
        )
        #expect(page.isComplete)
        #expect(
          try page.documents.documents().map { try $0.get("seq").int64() } == Array((37...48).reversed()))
        #expect(try session.count("log", filter: ["log": "a", "seq": ["$gt": 10]]) == 40)
        #expect(try session.count("log", filter: ["log": "b"]) == 0)

        let plan = try session.explain(
          MongoSession.findCommand("log", filter: ["log": "a"], sort: ["seq": -1], limit: 12))
        #expect(try plan.get("executionStats").document().get("totalKeysExamined").int64() == 12)
        let count = try session.explain(
          MongoSession.aggregateCommand("log", pipeline: [["$match": ["log": "a"]]]))
        #expect(try count.find("executionStats") != nil || count.find("stages") != nil)
      }
    }
  }

  @Test("an ordered insert stops at a duplicate key and says where", arguments: topologies)
  func duplicateKey(topology: TestMongod.Topology) async throws {
    try await withPool(TestMongod.shared(topology)) { pool in
      let (first, batch) = (documents(3...3), documents(1...5))
      let (result, inserted) = try await pool.run { session in
        try session.createIndexes("log", [Self.unique])
        try session.insertMany("log", first).get()
        return (session.insertMany("log", batch), try session.count("log", filter: [:]))
      }
      #expect(result.inserted == 2)
      #expect(result.writeErrors.map(\.index) == [2])
      #expect(result.writeErrors.first?.isDuplicateKey == true)
      #expect(result.writeConcernErrors.isEmpty)
      #expect(result.outcome == .known)
      #expect(result.failure == nil)
      #expect(result.error?.isDuplicateKey == true && result.error?.outcome == .known)
      #expect(inserted == 3)
    }
  }

  @Test("inserts keys of any kind as they are")
  func strangeKeys() async throws {
    try await withPool(TestMongod.shared(.replicaSet())) { pool in
      let read = try await pool.run { session in
        try session.insertMany("log", [["_id": 1, "data": ["a.b": 1, "": 2, "$x": "t\0u"]]]).get()
        return try session.find("log", filter: [:], limit: 1).documents.documents()
      }
      #expect(try read.first?.get("data").document().get("$x").string() == "t\0u")
    }
  }

  @Test("updates and deletes, in one ordered bulk", arguments: topologies)
  func bulk(topology: TestMongod.Topology) async throws {
    try await withPool(TestMongod.shared(topology)) { pool in
      let batch = documents(1...3)
      try await pool.run { session in
        try session.createIndexes("log", [Self.unique])
        let result = try session.bulk(
          "log",
          batch.map { .insert($0) } + [
            .updateOne(filter: ["seq": 1], update: ["$set": ["x": 1]]),
            .updateOne(filter: ["seq": 9, "log": "a"], update: ["$set": ["x": 1]], upsert: true),
            .deleteOne(filter: ["seq": 3]), .deleteOne(filter: ["seq": 9]),
          ]
        ).get()
        #expect(result.inserted == 3 && result.upserted == 1 && result.deleted == 2)
        #expect(result.matched == 1 && result.modified == 1)
        let refused = session.bulk(
          "log",
          [
            .updateOne(filter: ["seq": 1], update: ["$set": ["z": 1]]), .insert(["log": "a", "seq": 2]),
            .deleteOne(filter: ["seq": 1]),
          ])
        #expect(refused.modified == 1 && refused.deleted == 0 && refused.outcome == .known)
        #expect(refused.writeErrors.map(\.index) == [1])
        #expect(session.updateOne("log", filter: ["seq": 77], update: ["$set": ["x": 2]]).matched == 0)
        #expect(
          session.updateOne("log", filter: ["seq": 78], update: ["$set": ["log": "b"]], upsert: true).upserted
            == 1)
        #expect(session.insertMany("log", []).outcome == .known)
        #expect(session.bulk("log", []).outcome == .known)
        let bad = session.updateOne("log", filter: ["seq": 1], update: ["no": "operator"])
        #expect(bad.error?.kind == .invalidArgument && bad.outcome == .known)
      }
    }
  }

  @Test("reads two collections at one point in time")
  func snapshot() async throws {
    try await withPool(TestMongod.shared(.replicaSet())) { pool in
      let batch = documents(1...20)
      let rows = try await pool.run { session in
        #expect(try session.serverInfo().supportsSnapshotReads)
        try session.insertMany("log", batch).get()
        try session.insertMany("marks", [["_id": "m", "version": 4]]).get()
        return try session.aggregate(
          "log",
          pipeline: [
            ["$match": ["log": "a"]], ["$sort": ["seq": -1]], ["$limit": 12],
            ["$unionWith": ["coll": "marks", "pipeline": [["$match": ["_id": "m"]]]]],
          ], readConcern: .snapshot
        ).documents.documents()
      }
      #expect(rows.count == 13)
      #expect(try rows.last?.get("version").int64() == 4)
    }
  }

  @Test("says when a reply was cut by its size")
  func cut() async throws {
    try await withPool(TestMongod.shared(.replicaSet())) { pool in
      let text = String(repeating: "x", count: 1_000_000)
      let batch = try await pool.run { session in
        try session.insertMany("log", (1...20).map { ["seq": .int64($0), "text": .string(text)] }).get()
        return try session.find("log", filter: [:], limit: 20)
      }
      #expect(!batch.isComplete)
      #expect(try batch.documents.documents().count == 16)
    }
  }

  @Test("tells what the server is")
  func serverInfo() async throws {
    for topology in Self.topologies {
      try await withPool(TestMongod.shared(topology)) { pool in
        let info = try await pool.run { try $0.serverInfo() }
        #expect(info.version >= .init(4, 4))
        #expect(info.topology == (topology == .standalone ? .standalone : .replicaSet))
        #expect(info.setName == (topology == .standalone ? nil : "test"))
        #expect(info.supportsRetryableWrites == (topology != .standalone))
        #expect(info.localTime > 1_700_000_000_000)
      }
    }
  }

  @Test("refuses what a standalone server can't do")
  func unsupported() async throws {
    try await withPool(TestMongod.shared(.standalone)) { pool in
      let error = try await #require(throws: MongoError.self) {
        try await pool.run {
          try $0.aggregate("log", pipeline: [["$match": ["a": 1]]], readConcern: .snapshot)
        }
      }
      #expect(error.domain == "server" && !error.isRetryable && error.outcome == .known)
    }
  }
}

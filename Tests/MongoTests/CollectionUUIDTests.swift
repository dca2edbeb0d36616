import Mongo
import MongoSupport
import Testing

/// Commands that state which collection they mean.
@Suite("Collections by UUID")
struct CollectionUUIDTests {
  static let topologies: [TestMongod.Topology] = [.replicaSet(), .standalone]

  @Test("everything works on the collection that is meant", arguments: topologies)
  func theRightOne(_ topology: TestMongod.Topology) async throws {
    try await withPool(try await .shared(topology)) { pool in
      try await pool.run { session in
        try session.createCollection("c")
        try session.expect(["c"])
        #expect(session.insertMany("c", [["_id": 1], ["_id": 2]]).inserted == 2)
        #expect(
          session.insertMany("c", [["_id": 3], ["_id": 2]]).writeErrors.map(\.isDuplicateKey) == [true])
        #expect(
          try session.updateOne("c", filter: ["_id": 1], update: ["$set": ["a": 1]]).get().modified == 1)
        // Large documents go in several commands, and count as one.
        let text = BSONValue.string(String(repeating: "x", count: 3 << 20))
        let writes = (1...7).map { n in
          MongoWrite.updateOne(filter: ["_id": .int64(n)], update: ["$set": ["t": text]], upsert: true)
        }
        let result = try session.bulk("c", writes, ordered: false).get()
        #expect((result.matched, result.modified, result.upserted) == (3, 3, 4))
        try session.createIndexes(
          "c", [MongoIndex("u", keys: ["u": 1], unique: true, partialFilter: ["u": ["$exists": true]])])
        let refused = session.bulk(
          "c",
          [1, 2, 3].map { n in .updateOne(filter: ["_id": .int64(n)], update: ["$set": ["u": n == 3 ? 9 : 5]])
          },
          ordered: false)
        #expect(refused.writeErrors.map(\.index) == [1] && refused.writeErrors[0].isDuplicateKey)
        #expect(refused.matched == 2 && refused.outcome == .known)
        #expect(
          try session.find("c", filter: [:], projection: ["_id": 1], limit: 50).documents.documents().count
            == 7)
        #expect(try session.count("c", filter: ["u": 9]) == 1)
        let signs = session.takeSigns()
        #expect(!signs.ofChange && !signs.ofLostLogin)
      }
    }
  }

  @Test("nothing is read, written or made anew if it is another", arguments: topologies)
  func another(_ topology: TestMongod.Topology) async throws {
    try await withPool(try await .shared(topology)) { pool in
      try await pool.run { session in
        for isMadeAnew in [false, true] {
          session.collectionUUIDs = [:]
          try session.createCollection("c")
          try session.expect(["c"])
          _ = try session.rawCommand(["drop": "c"])
          if isMadeAnew { try session.createCollection("c") }
          let change: BSONDocument = ["$set": ["a": 1]]
          let upsert = MongoWrite.updateOne(filter: ["_id": 1], update: change, upsert: true)
          let results = [
            session.insertMany("c", [["_id": 1], ["_id": 2]]),
            session.insertMany("c", [["_id": 1], ["_id": 2]], ordered: false),
            session.updateOne("c", filter: ["_id": 1], update: change, upsert: true),
            session.bulk("c", [upsert, upsert], ordered: false), session.bulk("c", [upsert]),
          ]
          for result in results {
            #expect(result.error?.kind == .replacedCollection)
            #expect(result.outcome == .known && result.inserted + result.matched + result.upserted == 0)
          }
          #expect(session.takeSigns().ofChange)
          for read in [
            { try session.find("c", filter: [:], limit: 5) }, { try session.aggregate("c", pipeline: []) },
          ] as [() throws -> MongoBatch] {
            let error = #expect(throws: MongoError.self) { try read() }
            #expect(error?.kind == .replacedCollection && error?.isRetryable == false)
            #expect(session.takeSigns().ofChange && !session.takeSigns().ofChange)
          }
          session.collectionUUIDs = [:]
          #expect(try session.listCollections(["c"]).count == (isMadeAnew ? 1 : 0))
          if isMadeAnew { #expect(try session.count("c", filter: [:]) == 0) }
        }
      }
    }
  }
}

extension MongoSession {
  /// From now on commands mean these collections as they are now.
  fileprivate func expect(_ names: [String]) throws {
    for document in try listCollections(names) {
      collectionUUIDs[try document.get("name").string()] = try document.get("info").document().get("uuid")
        .uuid()
    }
  }
}

import Mongo
import MongoSupport
import Testing

/// A collection that is read from its beginning to its end.
@Suite("A walk through a collection")
struct WalkTests {
  @Test(
    "meets each document once, whatever its id is",
    arguments: [.replicaSet(), .standalone] as [TestMongod.Topology])
  func everyDocument(_ topology: TestMongod.Topology) async throws {
    try await withPool(try await .shared(topology)) { pool in
      try await pool.run { session in
        #expect(try session.count(of: "c") == 0)
        #expect(try session.page(of: "c", after: nil, limit: 3).isEmpty)
        let ids: [BSONValue] = [
          .null, 1, 2.5, "a", "b", .document(["a": 1]), .binary([1, 2]),
          .objectID(BSONObjectID(high: 7, low: 1)),
          .objectID(BSONObjectID(high: 7, low: 2)), true, .date(milliseconds: 5),
        ]
        #expect(session.insertMany("c", ids.reversed().map { ["_id": $0] }).inserted == ids.count)
        #expect(try session.count(of: "c") == ids.count)
        for limit in [1, 3, 100] {
          var found: [BSONValue] = []
          var last: BSONDocument?
          while case let page = try session.page(of: "c", after: last, limit: limit),
            let end = page.last
          {
            #expect(page.count <= limit)
            found += try page.map { try $0.get("_id").value() }
            last = end
          }
          #expect(found == ids, "pages of \(limit)")
        }
      }
    }
  }

  @Test("an element stands alone as it was")
  func alone() throws {
    let document: BSONDocument = ["a": 1, "b": ["c": "d"], "e": .null]
    for key in ["a", "b", "e"] {
      let alone = try document.get(key).alone
      try alone.validate()
      #expect(try BSONDocument(Array(alone.bytes)).get(key).value() == document.get(key).value())
    }
  }
}

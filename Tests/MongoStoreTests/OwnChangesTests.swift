import Inbox
import Mongo
import Testing

@testable import MongoStore

/// What a change document says, and which changes are a process's own.
struct OwnChangesTests {
  private let token = BSONObjectID(high: 1, low: 2)

  private func document(
    _ operation: String, _ collection: Collection, id: BSONValue, _ more: (String, BSONValue)...
  ) throws -> BSONDocument {
    try .build { writer in
      writer.append("operationType", operation)
      writer.append("ns", .document(["coll": .string(collection.rawValue)]))
      writer.append("documentKey", .document(["_id": id]))
      for (key, value) in more { writer.append(key, value) }
    }
  }

  @Test func aChangeNamesItsLogAndItself() throws {
    let name = BSONValue.binary(bob.own.encoded)
    let fingerprint = bob.own.fingerprint
    let rows: [(BSONDocument, ChangeDocument)] = [
      (
        try document("insert", .messages, id: .objectID(token), ("fullDocument", ["log": name])),
        .log(fingerprint, .message(token))
      ),
      (
        try document("insert", .marks, id: name, ("fullDocument", ["version": 1])),
        .log(fingerprint, .record(.marks, fingerprint, version: 1))
      ),
      (
        try document("update", .logs, id: name, ("updateDescription", ["updatedFields": ["version": 7]])),
        .log(fingerprint, .record(.logs, fingerprint, version: 7))
      ),
      (try document("delete", .marks, id: name), .log(fingerprint, .record(.marks, fingerprint, version: 0))),
      // What no Tidings writes.
      (try document("insert", .marks, id: "bob", ("fullDocument", ["version": 1])), .everything),
      (try document("insert", .messages, id: .objectID(token), ("fullDocument", [:])), .everything),
      (try document("insert", .messages, id: 1, ("fullDocument", ["log": name])), .everything),
      (["operationType": "drop", "ns": ["db": "a", "coll": "tidings_marks"]], .everything),
      (["operationType": "invalidate"], .everything), ([:], .everything),
    ]
    for (document, change) in rows { #expect(ChangeDocument(document) == change) }
  }

  @Test func anOwnChangeIsDroppedOnceAndTheOldestAreForgotten() {
    let changes = (1...5).map { ChangeID.record(.marks, 1, version: $0) }
    var own = OwnChanges(capacity: 3)
    own.add(changes[0])
    #expect(own.remove(changes[0]) && !own.remove(changes[0]))
    for change in changes.dropFirst() { own.add(change) }
    #expect(changes.map { own.remove($0) } == [false, false, true, true, true])
  }
}

import Mongo
import Testing

@testable import Inbox
@testable import MongoStore

// What is planted in the database that `VerifyTests` makes.
extension VerifyTests {
  /// A fault, and how it is planted.
  struct Plant: CustomTestStringConvertible, Sendable {
    var kind: FaultKind
    var what: String
    /// The number of messages whose contents the plant itself destroys.
    var lost = 0
    var plant: @Sendable (MongoSession) throws -> Void
    var testDescription: String { "\(kind.rawValue): \(what)" }

    /// Changes a message of the team by its number.
    static func message(
      _ kind: FaultKind, _ what: String, at seq: Int = 7, lost: Int = 0, _ update: BSONDocument
    ) -> Plant {
      Plant(kind: kind, what: what, lost: lost) { session in
        let filter: BSONDocument = ["log": .binary(team.encoded), "seq": .int64(Int64(seq))]
        try #require(
          try session.updateOne("tidings_messages", filter: filter, update: update).get().matched == 1)
      }
    }

    /// Changes a record or marks.
    static func record(
      _ kind: FaultKind, _ what: String, _ collection: Collection, _ name: LogName, lost: Int = 0,
      _ update: BSONDocument
    ) -> Plant {
      Plant(kind: kind, what: what, lost: lost) { session in
        let filter: BSONDocument = ["_id": .binary(name.encoded)]
        try #require(
          try session.updateOne(collection.rawValue, filter: filter, update: update).get().matched == 1)
      }
    }

    static func command(_ kind: FaultKind, _ what: String, lost: Int = 0, _ command: BSONDocument...) -> Plant
    {
      Plant(kind: kind, what: what, lost: lost) { session in
        for command in command {
          let reply = try session.rawCommand(command)
          try #require(try reply.find("writeErrors") == nil)
        }
      }
    }

    static func drop(_ index: String) -> BSONDocument {
      ["dropIndexes": "tidings_messages", "index": .string(index)]
    }

    static func delete(_ filter: BSONDocument, from collection: String = "tidings_messages") -> BSONDocument {
      ["delete": .string(collection), "deletes": [["q": .document(filter), "limit": 0]]]
    }

    static func insert(_ document: BSONDocument, into collection: String = "tidings_messages") -> BSONDocument
    {
      ["insert": .string(collection), "documents": [.document(document)]]
    }
  }

  private static func record(_ change: (inout LogRecord) -> Void) -> BSONDocument {
    var record = LogRecord()
    _ = record.retract(4)
    change(&record)
    return ["$set": ["record": .binary(record.encoded)]]
  }

  private static func marks(_ change: (inout Marks) -> Void) -> BSONDocument {
    var marks = Marks()
    change(&marks)
    return ["$set": ["body": .binary(marks.encoded)]]
  }

  static let log = BSONValue.binary(team.encoded)
  private static let twin: BSONDocument = [
    "log": log, "seq": 7, "time": .date(milliseconds: 5), "message_type": "note", "content": "twin",
  ]

  static let mendable: [Plant] = [
    .command(.hole, "one", lost: 1, Plant.delete(["log": log, "seq": 7])),
    .command(.hole, "the first", lost: 3, Plant.delete(["log": log, "seq": ["$lt": 4]])),
    .message(.hole, "a number ahead", at: 10, ["$set": ["seq": 13]]),
    .message(.number, "a number far ahead", at: 10, ["$set": ["seq": 3000]]),
    .message(.number, "400,000 ahead", ["$set": ["seq": 400_007]]),
    .message(.number, "4 billion ahead", ["$set": ["seq": .int64(4_000_000_007)]]),
    .message(.number, "the largest number", ["$set": ["seq": .int64(1 << 53)]]),
    .message(.number, "not a number", ["$set": ["seq": .double(.nan)]]),
    .message(.number, "0", ["$set": ["seq": 0]]),
    .command(
      .number, "some far ahead",
      [
        "update": "tidings_messages",
        "updates": [
          ["q": ["log": log, "seq": ["$gte": 3, "$lt": 7]], "u": ["$inc": ["seq": 400_000]], "multi": true]
        ],
      ]),
    .command(
      .number, "all far ahead",
      [
        "update": "tidings_messages",
        "updates": [["q": ["log": log], "u": ["$inc": ["seq": 400_000]], "multi": true]],
      ]),
    .command(
      .logName, "a name that is none",
      [
        "update": "tidings_messages",
        "updates": [["q": ["log": log], "u": ["$set": ["log": .binary([9])]], "multi": true]],
      ]),
    .message(.orphan, "a log that is a text", ["$set": ["log": "t"]]),
    .message(.number, "too large", ["$set": ["seq": .int64(1 << 62)]]),
    .message(.number, "negative", ["$set": ["seq": -1]]),
    .message(.number, "a text", ["$set": ["seq": "seven"]]),
    .message(.number, "a fraction", ["$set": ["seq": 7.5]]),
    .message(.number, "nothing", ["$unset": ["seq": ""]]),
    .command(.numberTwice, "without the index", lost: -1, Plant.drop("log_seq"), Plant.insert(twin)),
    .message(.time, "a text", ["$set": ["time": "noon"]]),
    .message(.time, "nothing", ["$unset": ["time": ""]]),
    .message(.timeOrder, "early", ["$set": ["time": .date(milliseconds: 0)]]),
    .message(.timeOrder, "late", ["$set": ["time": .date(milliseconds: 253_402_300_799_999)]]),
    .command(
      .token, "an _id that is a text", lost: 0, Plant.delete(["log": log, "seq": 7]),
      Plant.insert([
        "_id": "seven", "log": log, "seq": 7, "time": .date(milliseconds: 0), "message_type": "note",
        "content": "7",
      ])),
    .message(.type, "a number", ["$set": ["message_type": 5]]),
    .message(.type, "nothing", ["$unset": ["message_type": ""]]),
    .message(.text, "an array", lost: 1, ["$set": ["content": ["no", "text"]]]),
    .message(.identifier, "empty", ["$set": ["user_id": ""]]),
    .message(.identifier, "too long", ["$set": ["receiver_id": .string(String(repeating: "r", count: 200))]]),
    .message(.length, "content", ["$set": ["content": .string(String(repeating: "c", count: 70_000))]]),
    .message(.data, "half an object", ["$set": ["data": "{"]]),
    .message(.retractedBody, "content", at: 4, ["$set": ["content": "back"]]),
    .message(.retractedBody, "no flag", at: 4, ["$unset": ["retracted": ""]]),
    .message(.retractionLost, "a flag", lost: 1, ["$set": ["retracted": true], "$unset": ["content": ""]]),
    .command(.retractionLost, "no record", Plant.delete(["_id": log], from: "tidings_logs")),
    .message(.unknownField, "of a message", ["$set": ["colour": "red"]]),
    .message(.key, "empty", at: 6, ["$set": ["key": ""]]),
    .message(.key, "a number", at: 6, ["$set": ["key": 5]]),
    .command(
      .keyTwice, "without the index", Plant.drop("log_user_key"),
      [
        "update": "tidings_messages",
        "updates": [["q": ["log": log, "seq": 6], "u": ["$set": ["key": "key 3"]]]],
      ]),
    .message(.digest, "another", at: 6, ["$set": ["digest": .binary([UInt8](repeating: 9, count: 32))]]),
    .message(.digestLength, "short", at: 6, ["$set": ["digest": .binary([1])]]),
    .message(.digestLength, "nothing", at: 6, ["$unset": ["digest": ""]]),
    .message(.digestStray, "without a key", ["$set": ["digest": .binary([UInt8](repeating: 9, count: 32))]]),
    .record(.record, "no record", .logs, team, ["$set": ["record": .binary([0])]]),
    .record(.record, "a text", .logs, team, ["$set": ["record": "text"]]),
    .record(.recordRange, "beyond the head", .logs, team, record { _ = $0.retract(99) }),
    .record(.retractionOrder, "not in the list", .logs, team, lost: 1, record { $0.retracted.insert(5) }),
    .record(.recordVersion, "negative", .logs, team, ["$set": ["version": -1]]),
    .record(.recordVersion, "no tokens", .logs, team, ["$unset": ["tokens": ""]]),
    .record(.unknownField, "of a record", .logs, team, ["$set": ["colour": "red"]]),
    .command(
      .recordStray, "of no log",
      Plant.insert(["_id": .binary(LogName.team("none").encoded), "version": 1], into: "tidings_logs")),
    .command(.recordStray, "a text", Plant.insert(["_id": "text"], into: "tidings_logs")),
    .record(.marks, "no marks", .marks, bob.own, ["$set": ["body": .binary([1, 2, 3])]]),
    .record(.marks, "a text", .marks, bob.own, ["$set": ["body": "text"]]),
    .record(.marksVersion, "0", .marks, bob.own, ["$set": ["version": 0]]),
    .record(.marksVersion, "the largest", .marks, bob.own, ["$set": ["version": .int64(1 << 53)]]),
    .record(.recordVersion, "the largest", .logs, team, ["$set": ["version": .int64(1 << 53)]]),
    .record(.marksStamp, "a number", .marks, bob.own, ["$set": ["tokens": [5]]]),
    .record(
      .marksRange, "beyond the head", .marks, bob.own, marks { $0.shared.read = SequenceSet(1, through: 99) }),
    .record(.unknownField, "of marks", .marks, bob.own, ["$set": ["colour": "red"]]),
    .command(
      .marksName, "of nobody", Plant.insert(["_id": .binary([9]), "version": 1], into: "tidings_marks")),
    .command(.marksName, "a text", Plant.insert(["_id": "text"], into: "tidings_marks")),
    .command(.index, "of receivers", Plant.drop("receiver")),
    .command(.index, "of numbers", Plant.drop("log_seq")),
    .command(
      .index, "not unique", Plant.drop("log_user_key"),
      [
        "createIndexes": "tidings_messages",
        "indexes": [["key": ["log": 1, "user_id": 1, "key": 1], "name": "log_user_key"]],
      ]),
    .command(.table, "the leases", ["drop": "tidings_leases"]),
    .command(.table, "the version", Plant.delete([:], from: "tidings_schema")),
    .command(.stranger, "a lease", Plant.insert(["_id": "mine"], into: "tidings_leases")),
  ]
}

import Inbox
import Mongo

/// All reads of the store, in one place, so that the plans of all of them can be checked.
enum Query {
  /// A query for documents of one collection by a filter.
  case find(
    Collection, filter: BSONDocument, projection: BSONDocument?, sort: BSONDocument?, limit: Int,
    hint: String?)
  /// A pipeline that begins with one collection.
  case aggregate(Collection, pipeline: BSONArray, hint: String?)

  func run(
    _ session: MongoSession, _ concern: MongoReadConcern = .majority
  ) throws(MongoError) -> MongoBatch {
    switch self {
    case .find(let collection, let filter, let projection, let sort, let limit, let hint):
      try session.find(
        collection.rawValue, filter: filter, projection: projection, sort: sort, limit: limit, hint: hint,
        readConcern: concern)
    case .aggregate(let collection, let pipeline, let hint):
      try session.aggregate(collection.rawValue, pipeline: pipeline, hint: hint, readConcern: concern)
    }
  }

  /// The command, for `explain`.
  var command: BSONWriter {
    switch self {
    case .find(let collection, let filter, let projection, let sort, let limit, let hint):
      MongoSession.findCommand(
        collection.rawValue, filter: filter, projection: projection, sort: sort, limit: limit, hint: hint)
    case .aggregate(let collection, let pipeline, let hint):
      MongoSession.aggregateCommand(collection.rawValue, pipeline: pipeline, hint: hint)
    }
  }
}

// One inbox: all data of a first page in one command.
extension Query {
  /// The newest messages of an inbox's logs, the logs' records and the marks, in the order of these stages.
  static func inbox(_ inbox: Inbox, newest: Int) -> Query {
    let shared = BSONValue.binary(inbox.shared.encoded)
    let own = BSONValue.binary(inbox.own.encoded)
    return .aggregate(
      .messages,
      pipeline: array(
        newestOf(shared, newest) + [
          union(.messages, array(newestOf(own, newest))),
          union(.logs, [["$match": ["_id": ["$in": [shared, own]]]]]),
          union(.marks, [["$match": ["_id": own]]]),
        ]), hint: Collection.Index.position)
  }

  private static func newestOf(_ log: BSONValue, _ count: Int) -> [BSONValue] {
    [["$match": ["log": log]], ["$sort": ["seq": -1]], ["$limit": .int64(Int64(count))]]
  }

  private static func union(_ collection: Collection, _ pipeline: BSONArray) -> BSONValue {
    ["$unionWith": ["coll": .string(collection.rawValue), "pipeline": .array(pipeline)]]
  }
}

// The data of many views, in one command.
extension Query {
  /// A range of numbers in a log: from `first`, through `last` if it is set.
  struct NumberRange {
    var log: [UInt8]
    var first: Int
    var last: Int?

    fileprivate func write(to clause: inout BSONWriter) {
      clause.append("log", binary: log)
      clause.append("seq") { (seq: inout BSONWriter) in
        seq.append("$gte", Int64(first))
        if let last { seq.append("$lte", Int64(last)) }
      }
    }
  }

  /// A range of a log in which the messages of one user are looked for.
  struct SentRange {
    var user: Text
    var numbers: NumberRange
  }

  /// The messages in these ranges, at most `limit`; then the records and the marks with these names. The
  /// messages of a log follow one another. Written in place, since readers wait for it.
  static func gather(_ ranges: [NumberRange], records: [[UInt8]], marks: [[UInt8]], limit: Int) -> Query {
    var writer = BSONWriter(capacity: 256 + 96 * (ranges.count + records.count + marks.count))
    writer.append("0") { (stage: inout BSONWriter) in
      stage.append("$match") { (match: inout BSONWriter) in
        match.append("$or") { (clauses: inout BSONArrayWriter) in
          for range in ranges { clauses.append { (clause: inout BSONWriter) in range.write(to: &clause) } }
        }
      }
    }
    writer.append("1") { (stage: inout BSONWriter) in stage.append("$limit", Int64(limit)) }
    if !records.isEmpty { writer.append("2") { writeUnion(&$0, .logs, records) } }
    if !marks.isEmpty { writer.append("3") { writeUnion(&$0, .marks, marks) } }
    return .aggregate(.messages, pipeline: BSONArray(finished(writer)), hint: Collection.Index.position)
  }

  private static func writeUnion(_ stage: inout BSONWriter, _ collection: Collection, _ names: [[UInt8]]) {
    stage.append("$unionWith") { (union: inout BSONWriter) in
      union.append("coll", collection.rawValue)
      union.append("pipeline") { (stages: inout BSONArrayWriter) in
        stages.append { (stage: inout BSONWriter) in
          stage.append("$match") { (match: inout BSONWriter) in match.append("_id", oneOf(names)) }
        }
      }
    }
  }

  private static func finished(_ writer: consuming BSONWriter) -> BSONDocument {
    do {
      return try writer.finish()
    } catch {
      preconditionFailure("a group of ranges is far below 16 MiB: \(error)")
    }
  }

  /// The numbers that users sent in ranges of logs; answered from the index alone.
  static func sent(_ ranges: [SentRange], limit: Int) -> Query {
    let clauses = ranges.map { range -> BSONValue in
      [
        "user_id": .string(range.user.string), "log": .binary(range.numbers.log),
        "seq": Query.range(range.numbers.first, range.numbers.last ?? .max),
      ]
    }
    return .find(
      .messages, filter: ["$or": .array(array(clauses))],
      projection: ["_id": 0, "user_id": 1, "log": 1, "seq": 1], sort: nil, limit: limit,
      hint: Collection.Index.sender)
  }
}

// Many inboxes, and queries for writers.
extension Query {
  /// The last number of each of many logs: one index key for each log.
  static func heads(_ logs: [[UInt8]]) -> Query {
    .aggregate(.messages, pipeline: array(headStages(logs)), hint: Collection.Index.position)
  }

  /// The last numbers together with the logs' records and the marks of inboxes, distinguished by their
  /// fields.
  static func inboxes(logs: [[UInt8]], marks: [[UInt8]]) -> Query {
    let records = union(.logs, [["$match": ["_id": oneOf(logs)]]])
    let marks = union(.marks, [["$match": ["_id": oneOf(marks)]]])
    return .aggregate(
      .messages, pipeline: array(headStages(logs) + [records, marks]), hint: Collection.Index.position)
  }

  private static func headStages(_ logs: [[UInt8]]) -> [BSONValue] {
    [
      ["$match": ["log": oneOf(logs)]],
      ["$sort": ["log": 1, "seq": -1]],
      ["$group": ["_id": "$log", "seq": ["$first": "$seq"]]],
    ]
  }

  /// The place of a log's last message, for writers: `limit` 1 on the index.
  static func lastSlot(_ log: [UInt8]) -> Query {
    .find(
      .messages, filter: ["log": .binary(log)], projection: Slot.projection, sort: ["seq": -1], limit: 1,
      hint: Collection.Index.position)
  }

  /// The places of the last messages of many logs: one index key and one message for each log.
  static func lastSlots(_ logs: [[UInt8]]) -> Query {
    .aggregate(
      .messages,
      pipeline: [
        ["$match": ["log": oneOf(logs)]],
        ["$sort": ["log": 1, "seq": -1]],
        [
          "$group": [
            "_id": "$log", "seq": ["$first": "$seq"], "time": ["$first": "$time"],
            "token": ["$first": "$_id"],
          ]
        ],
      ], hint: Collection.Index.position)
  }

  /// The places of a log from `first` through `last`.
  static func slots(_ log: [UInt8], from first: Int, through last: Int) -> Query {
    .find(
      .messages, filter: ["log": .binary(log), "seq": range(first, last)], projection: Slot.projection,
      sort: ["seq": 1], limit: last - first + 1, hint: Collection.Index.position)
  }

  /// Which of these messages there are; answered from the index alone.
  static func present(_ tokens: [BSONObjectID]) -> Query {
    .find(
      .messages, filter: ["_id": ["$in": .array(array(tokens.map { .objectID($0) }))]],
      projection: ["_id": 1],
      sort: nil, limit: tokens.count, hint: "_id_")
  }

  /// Logs whose numbers are not 1, 2, 3, ...; goes through the whole index.
  static func holes(_ limit: Int) -> Query {
    .aggregate(
      .messages,
      pipeline: [
        ["$sort": ["log": 1, "seq": -1]],
        ["$group": ["_id": "$log", "count": ["$sum": 1], "last": ["$first": "$seq"]]],
        ["$match": ["$expr": ["$ne": ["$count", "$last"]]]], ["$limit": .int64(Int64(limit))],
      ], hint: Collection.Index.position)
  }

  /// The places of a log without an index, with what should not be there, in the order of writing.
  static func inOrderOfWriting(_ log: [UInt8], from first: Int, through last: Int) -> Query {
    .find(
      .messages, filter: ["log": .binary(log), "seq": range(first, last)], projection: Slot.projection,
      sort: ["$natural": 1], limit: 16 * (last - first + 1), hint: nil)
  }

  /// Who holds one sender's key in many logs.
  static func holders(of key: SenderKey, in logs: [[UInt8]]) -> Query {
    .find(
      .messages, filter: ["log": oneOf(logs), "user_id": sender(key.sender), "key": .string(key.key.string)],
      projection: Holder.projection, sort: nil, limit: logs.count, hint: Collection.Index.key)
  }

  /// The messages that hold keys of one sender in one log.
  static func holders(of keys: [Text], by user: Text?, in log: [UInt8]) -> Query {
    .find(
      .messages,
      filter: [
        "log": .binary(log), "user_id": sender(user),
        "key": ["$in": .array(array(keys.map { .string($0.string) }))],
      ], projection: Holder.projection, sort: nil, limit: keys.count, hint: Collection.Index.key)
  }

  /// The messages that hold one key each in many logs.
  static func holders(_ places: [(log: [UInt8], key: SenderKey)]) -> Query {
    let clauses = places.map { place -> BSONValue in
      ["log": .binary(place.log), "user_id": sender(place.key.sender), "key": .string(place.key.key.string)]
    }
    return .find(
      .messages, filter: ["$or": .array(array(clauses))], projection: Holder.projection, sort: nil,
      limit: places.count, hint: Collection.Index.key)
  }

  /// The index holds null for a message without a sender.
  private static func sender(_ user: Text?) -> BSONValue { user.map { .string($0.string) } ?? .null }

  /// Records by name.
  static func records(_ collection: Collection, _ names: [[UInt8]]) -> Query {
    .find(
      collection, filter: ["_id": oneOf(names)], projection: nil, sort: nil, limit: names.count, hint: nil)
  }

  /// Turns that have not expired.
  static func turns(after now: Timestamp) -> Query {
    .find(
      .turns, filter: ["until": ["$gt": .date(milliseconds: now)]], projection: nil, sort: ["until": 1],
      limit: 100, hint: Collection.Index.until)
  }

  static func oneOf(_ names: [[UInt8]]) -> BSONValue {
    names.count == 1 ? .binary(names[0]) : ["$in": .array(array(names.map { .binary($0) }))]
  }

  private static func array(_ values: [BSONValue]) -> BSONArray {
    do {
      return try BSONArray(values)
    } catch {
      preconditionFailure("a group of names is far below 16 MiB: \(error)")
    }
  }

  fileprivate static func range(_ first: Int, _ last: Int) -> BSONValue {
    first == last
      ? .int64(Int64(first)) : ["$gte": .int64(Int64(first)), "$lte": .int64(Int64(last))]
  }
}

// Messages and numbers of one log.
extension Query {
  /// The messages of a range, oldest first.
  static func messages(_ log: [UInt8], from first: Int, through last: Int, limit: Int) -> Query {
    .find(
      .messages, filter: ["log": .binary(log), "seq": range(first, last)], projection: nil, sort: ["seq": 1],
      limit: limit, hint: Collection.Index.position)
  }

  /// The messages with these numbers, oldest first.
  static func messages(_ log: [UInt8], _ numbers: [Int]) -> Query {
    .find(
      .messages, filter: ["log": .binary(log), "seq": oneOf(numbers)], projection: nil, sort: ["seq": 1],
      limit: numbers.count, hint: Collection.Index.position)
  }

  /// The times of these numbers, oldest first.
  static func times(_ log: [UInt8], _ numbers: [Int]) -> Query {
    .find(
      .messages, filter: ["log": .binary(log), "seq": oneOf(numbers)], projection: Slot.projection,
      sort: ["seq": 1], limit: numbers.count, hint: Collection.Index.position)
  }

  /// The numbers of messages with a field, ascending; answered from the index alone.
  static func numbers(
    _ log: [UInt8], _ field: MessageField, from first: Int, through last: Int, limit: Int
  ) -> Query {
    let (name, value, hint) =
      switch field {
      case .sender(let user): ("user_id", user, Collection.Index.sender)
      case .receiver(let user): ("receiver_id", user, Collection.Index.receiver)
      case .type(let type): ("message_type", type, Collection.Index.type)
      }
    return .find(
      .messages, filter: [name: .string(value.string), "log": .binary(log), "seq": range(first, last)],
      projection: ["_id": 0, "seq": 1], sort: ["seq": 1], limit: limit, hint: hint)
  }

  /// The numbers that one user sent after a number in each of many logs; answered from the index alone.
  static func sent(by user: Text, after places: [(log: [UInt8], seq: Int)], limit: Int) -> Query {
    let clauses = places.map { place -> BSONValue in
      [
        "user_id": .string(user.string), "log": .binary(place.log),
        "seq": ["$gt": .int64(Int64(place.seq))],
      ]
    }
    return .find(
      .messages, filter: ["$or": .array(array(clauses))], projection: ["_id": 0, "log": 1, "seq": 1],
      sort: nil, limit: limit, hint: Collection.Index.sender)
  }

  private static func oneOf(_ numbers: [Int]) -> BSONValue {
    numbers.count == 1
      ? .int64(Int64(numbers[0])) : ["$in": .array(array(numbers.map { .int64(Int64($0)) }))]
  }
}

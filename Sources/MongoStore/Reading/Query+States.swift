import Inbox
import Mongo

// One inbox: all data of a first page in one command.
extension Query {
  /// The newest messages of an inbox's logs, the logs' records and the marks, in the order of these stages; then
  /// the proofs that there are.
  static func inbox(_ inbox: Inbox, newest: Int, proofs: [BSONObjectID] = []) -> Query {
    let shared = BSONValue.binary(inbox.shared.encoded)
    let own = BSONValue.binary(inbox.own.encoded)
    return .aggregate(
      .messages,
      pipeline: array(
        newestOf(shared, newest) + [
          union(.messages, array(newestOf(own, newest))),
          union(.logs, [["$match": ["_id": ["$in": [shared, own]]]]]),
          union(.marks, [["$match": ["_id": own]]]),
        ] + present(proofs)), hint: Collection.Index.position)
  }

  /// The tokens of messages among these that there are, and nothing else of them; from the index alone.
  private static func present(_ proofs: [BSONObjectID]) -> [BSONValue] {
    guard !proofs.isEmpty else { return [] }
    return [
      union(
        .messages,
        [["$match": ["_id": ["$in": .array(array(proofs.map { .objectID($0) }))]]], ["$project": ["_id": 1]]])
    ]
  }

  private static func newestOf(_ log: BSONValue, _ count: Int) -> [BSONValue] {
    [["$match": ["log": log]], ["$sort": ["seq": -1]], ["$limit": .int64(Int64(count))]]
  }
}

// The data of many views, in one command.
extension Query {
  /// A range of numbers in a log: from `first`, through `last` if it is set.
  struct NumberRange {
    var log: LogName
    var first: Int
    var last: Int?

    /// How many numbers these are, if the range has an end.
    var count: Int { last.map { $0 - first + 1 } ?? .max }

    fileprivate func write(to clause: inout BSONWriter) {
      clause.append("log", binary: log.encoded)
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
  static func gather(_ ranges: [NumberRange], records: [LogName], marks: [LogName], limit: Int) -> Query {
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
    return .aggregate(.messages, pipeline: BSONArray(writer.whole()), hint: Collection.Index.position)
  }

  private static func writeUnion(_ stage: inout BSONWriter, _ collection: Collection, _ names: [LogName]) {
    stage.append("$unionWith") { (union: inout BSONWriter) in
      union.append("coll", collection.rawValue)
      union.append("pipeline") { (stages: inout BSONArrayWriter) in
        stages.append { (stage: inout BSONWriter) in
          stage.append("$match") { (match: inout BSONWriter) in match.append("_id", oneOf(names)) }
        }
      }
    }
  }

  /// The numbers that users sent in ranges of logs; answered from the index alone.
  static func sent(_ ranges: [SentRange], limit: Int) -> Query {
    let clauses = ranges.map { range -> BSONValue in
      [
        "user_id": .string(range.user.string), "log": .binary(range.numbers.log.encoded),
        "seq": Query.range(range.numbers.first, range.numbers.last ?? .max),
      ]
    }
    return .find(
      .messages, filter: ["$or": .array(array(clauses))],
      projection: ["_id": 0, "user_id": 1, "log": 1, "seq": 1], sort: nil, limit: limit,
      hint: Collection.Index.sender)
  }
}

// What many readers lack, after their states.
extension Query {
  /// The messages in these ranges, at most `limit`; those of a log follow one another.
  static func messages(in ranges: [NumberRange], limit: Int) -> Query {
    gather(ranges, records: [], marks: [], limit: limit)
  }

  /// Who sent the messages in these ranges.
  static func senders(_ ranges: [NumberRange], limit: Int) -> Query {
    let clauses = ranges.map { range -> BSONValue in
      ["log": .binary(range.log.encoded), "seq": Query.range(range.first, range.last ?? .max)]
    }
    return .find(
      .messages, filter: ["$or": .array(array(clauses))],
      projection: ["_id": 0, "user_id": 1, "log": 1, "seq": 1], sort: nil, limit: limit,
      hint: Collection.Index.position)
  }
}

// Many inboxes, and servers without snapshots.
extension Query {
  /// The last number of each of many logs: one index key for each log, and one message for its token if that is
  /// wanted. Then the proofs that there are.
  static func heads(_ logs: [LogName], proofs: [BSONObjectID] = [], withTokens: Bool = false) -> Query {
    .aggregate(
      .messages, pipeline: array(headStages(logs, withTokens) + present(proofs)),
      hint: Collection.Index.position)
  }

  /// The last messages' numbers and tokens together with the logs' records and the marks of inboxes, distinguished by
  /// their fields.
  static func inboxes(logs: [LogName], marks: [LogName], proofs: [BSONObjectID] = []) -> Query {
    let records = union(.logs, [["$match": ["_id": oneOf(logs)]]])
    let marks = union(.marks, [["$match": ["_id": oneOf(marks)]]])
    return .aggregate(
      .messages, pipeline: array(headStages(logs, true) + [records, marks] + present(proofs)),
      hint: Collection.Index.position)
  }

  private static func headStages(_ logs: [LogName], _ withTokens: Bool) -> [BSONValue] {
    [
      ["$match": ["log": oneOf(logs)]],
      ["$sort": ["log": 1, "seq": -1]],
      withTokens
        ? [
          "$group": [
            "_id": "$log", "seq": ["$first": "$seq"], "token": ["$first": "$_id"],
            "sender": ["$first": "$user_id"],
          ]
        ]
        : ["$group": ["_id": "$log", "seq": ["$first": "$seq"]]],
    ]
  }

  /// Records by name.
  static func records(_ collection: Collection, _ names: [LogName]) -> Query {
    .find(
      collection, filter: ["_id": oneOf(names)], projection: nil, sort: nil, limit: names.count, hint: nil)
  }
}

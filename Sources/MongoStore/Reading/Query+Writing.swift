import Inbox
import Mongo

// What writers look for.
extension Query {
  /// The place of a log's last message, for writers: `limit` 1 on the index.
  static func lastSlot(_ log: LogName) -> Query {
    .find(
      .messages, filter: ["log": .binary(log.encoded)], projection: Slot.projection, sort: ["seq": -1],
      limit: 1,
      hint: Collection.Index.position)
  }

  /// The places of the last messages of many logs: one index key and one message for each log.
  static func lastSlots(_ logs: [LogName]) -> Query {
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
  static func slots(_ log: LogName, from first: Int, through last: Int) -> Query {
    .find(
      .messages, filter: ["log": .binary(log.encoded), "seq": range(first, last)],
      projection: Slot.projection,
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
  static func inOrderOfWriting(_ log: LogName, from first: Int, through last: Int) -> Query {
    .find(
      .messages, filter: ["log": .binary(log.encoded), "seq": range(first, last)],
      projection: Slot.projection,
      sort: ["$natural": 1], limit: 16 * (last - first + 1), hint: nil)
  }

  /// Who holds one sender's key in many logs.
  static func holders(of key: SenderKey, in logs: [LogName]) -> Query {
    .find(
      .messages, filter: ["log": oneOf(logs), "user_id": sender(key.sender), "key": .string(key.key.string)],
      projection: Holder.projection, sort: nil, limit: logs.count, hint: Collection.Index.key)
  }

  /// The messages that hold keys of one sender in one log.
  static func holders(of keys: [Text], by user: Text?, in log: LogName) -> Query {
    .find(
      .messages,
      filter: [
        "log": .binary(log.encoded), "user_id": sender(user),
        "key": ["$in": .array(array(keys.map { .string($0.string) }))],
      ], projection: Holder.projection, sort: nil, limit: keys.count, hint: Collection.Index.key)
  }

  /// The messages that hold one key each in many logs.
  static func holders(_ places: [(log: LogName, key: SenderKey)]) -> Query {
    let clauses = places.map { place -> BSONValue in
      [
        "log": .binary(place.log.encoded), "user_id": sender(place.key.sender),
        "key": .string(place.key.key.string),
      ]
    }
    return .find(
      .messages, filter: ["$or": .array(array(clauses))], projection: Holder.projection, sort: nil,
      limit: places.count, hint: Collection.Index.key)
  }

  /// The index holds null for a message without a sender.
  static func sender(_ user: Text?) -> BSONValue { user.map { .string($0.string) } ?? .null }

  /// Leases that have not expired.
  static func leases(after now: Timestamp) -> Query {
    .find(
      .leases, filter: ["until": ["$gt": .date(milliseconds: now)]], projection: nil, sort: ["until": 1],
      limit: 100, hint: Collection.Index.until)
  }
}

import Inbox
import Mongo

// Everything that the store holds, by the page.
extension Query {
  /// The names of logs after one, in their order: one index key for each log.
  static func logs(after name: [UInt8], limit: Int) -> Query {
    .aggregate(
      .messages,
      pipeline: [
        ["$match": ["log": ["$gt": .binary(name)]]],
        ["$sort": ["log": 1, "seq": -1]],
        ["$group": ["_id": "$log", "seq": ["$first": "$seq"]]],
        ["$limit": .int64(Int64(limit))],
      ], hint: Collection.Index.position)
  }

  /// The names of marks after one, in their order; answered from the index alone.
  static func inboxes(after name: [UInt8], limit: Int) -> Query {
    .find(
      .marks, filter: ["_id": ["$gt": .binary(name)]], projection: ["_id": 1], sort: ["_id": 1], limit: limit,
      hint: "_id_")
  }
}

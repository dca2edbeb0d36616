import Inbox
import Mongo

// Everything that the store holds, by the page.
extension Query {
  /// The names of the messages of logs after one, at most `limit`, in the order of the names; answered from the index
  /// alone. A group by name would read the names of all later logs, whatever its limit.
  static func logs(after name: [UInt8], limit: Int) -> Query {
    .find(
      .messages, filter: ["log": ["$gt": .binary(name)]], projection: ["_id": 0, "log": 1],
      sort: ["log": 1, "seq": -1], limit: limit, hint: Collection.Index.position)
  }

  /// The names of marks after one, in their order; answered from the index alone.
  static func inboxes(after name: [UInt8], limit: Int) -> Query {
    .find(
      .marks, filter: ["_id": ["$gt": .binary(name)]], projection: ["_id": 1], sort: ["_id": 1], limit: limit,
      hint: "_id_")
  }
}

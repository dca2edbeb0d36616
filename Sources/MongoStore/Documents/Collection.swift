import Mongo

/// The store's collections, and the indexes of each.
enum Collection: String, CaseIterable {
  case messages = "tidings_messages"
  case logs = "tidings_logs"
  case marks = "tidings_marks"
  case leases = "tidings_leases"
  case schema = "tidings_schema"

  /// The indexes of the collection. Only `{log, seq}` begins with `log` and holds every message, so a range
  /// of a log has one plan and never a trial of several; the field indexes serve a hint or an equality on
  /// both of their first fields.
  var indexes: [MongoIndex] {
    switch self {
    case .messages:
      [
        MongoIndex(Index.position, keys: ["log": 1, "seq": -1], unique: true),
        MongoIndex(
          Index.key, keys: ["log": 1, "user_id": 1, "key": 1], unique: true,
          partialFilter: ["key": ["$exists": true]]),
        MongoIndex(Index.sender, keys: ["user_id": 1, "log": 1, "seq": -1]),
        MongoIndex(
          Index.receiver, keys: ["receiver_id": 1, "log": 1, "seq": -1],
          partialFilter: ["receiver_id": ["$exists": true]]),
        MongoIndex(Index.type, keys: ["message_type": 1, "log": 1, "seq": -1]),
      ]
    case .leases: [MongoIndex(Index.until, keys: ["until": 1])]
    case .logs, .marks, .schema: []
    }
  }

  /// The names of the indexes.
  enum Index {
    static let position = "log_seq"
    static let key = "log_user_key"
    static let sender = "sender"
    static let receiver = "receiver"
    static let type = "type"
    static let until = "until"
  }

  /// The version of the layout, stored in the only document of `tidings_schema`.
  static let version: Int64 = 3
}

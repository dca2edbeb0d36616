import Inbox
import Mongo

// Messages and numbers of one log.
extension Query {
  /// The messages of a range, oldest first.
  static func messages(_ log: LogName, from first: Int, through last: Int, limit: Int) -> Query {
    .find(
      .messages, filter: ["log": .binary(log.encoded), "seq": range(first, last)], projection: nil,
      sort: ["seq": 1],
      limit: limit, hint: Collection.Index.position)
  }

  /// The messages with these numbers, oldest first.
  static func messages(_ log: LogName, _ numbers: [Int]) -> Query {
    .find(
      .messages, filter: ["log": .binary(log.encoded), "seq": oneOf(numbers)], projection: nil,
      sort: ["seq": 1],
      limit: numbers.count, hint: Collection.Index.position)
  }

  /// The times of these numbers, oldest first.
  static func times(_ log: LogName, _ numbers: [Int]) -> Query {
    .find(
      .messages, filter: ["log": .binary(log.encoded), "seq": oneOf(numbers)], projection: Slot.projection,
      sort: ["seq": 1], limit: numbers.count, hint: Collection.Index.position)
  }

  /// The numbers of messages with a field, ascending; answered from the index alone.
  static func numbers(
    _ log: LogName, _ field: MessageField, from first: Int, through last: Int, limit: Int
  ) -> Query {
    let (name, value, hint) =
      switch field {
      case .sender(let user): ("user_id", user, Collection.Index.sender)
      case .receiver(let user): ("receiver_id", user, Collection.Index.receiver)
      case .type(let type): ("message_type", type, Collection.Index.type)
      }
    return .find(
      .messages,
      filter: [name: .string(value.string), "log": .binary(log.encoded), "seq": range(first, last)],
      projection: ["_id": 0, "seq": 1], sort: ["seq": 1], limit: limit, hint: hint)
  }

  private static func oneOf(_ numbers: [Int]) -> BSONValue {
    numbers.count == 1
      ? .int64(Int64(numbers[0])) : ["$in": .array(array(numbers.map { .int64(Int64($0)) }))]
  }
}

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

// What the queries have in common.
extension Query {
  static func oneOf(_ names: [LogName]) -> BSONValue {
    names.count == 1
      ? .binary(names[0].encoded) : ["$in": .array(array(names.map { .binary($0.encoded) }))]
  }

  static func array(_ values: [BSONValue]) -> BSONArray {
    do {
      return try BSONArray(values)
    } catch {
      preconditionFailure("a group of names is far below 16 MiB: \(error)")
    }
  }

  static func range(_ first: Int, _ last: Int) -> BSONValue {
    first == last
      ? .int64(Int64(first)) : ["$gte": .int64(Int64(first)), "$lte": .int64(Int64(last))]
  }

  static func union(_ collection: Collection, _ pipeline: BSONArray) -> BSONValue {
    ["$unionWith": ["coll": .string(collection.rawValue), "pipeline": .array(pipeline)]]
  }
}

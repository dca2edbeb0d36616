import Inbox
import Mongo

/// Makes the collections and indexes of a database what they should be.
struct LayoutMending {
  let session: MongoSession

  /// The faults, each with what stands for it in a verification.
  static func faults(_ session: MongoSession) throws -> [(fault: LayoutFault, found: Fault)] {
    try Inspection(session: session).look().faults.map { fault in
      switch fault {
      case .unfit(let collection, _), .missing(let collection):
        (fault, Fault(.table, .other(collection.rawValue)))
      case .missingIndexes(_, let names):
        (fault, Fault(.index, .other(names.joined(separator: ", ")), count: names.count))
      case .unfitIndex(_, let name, _): (fault, Fault(.index, .other(name)))
      }
    }
  }

  /// Mends a fault; false if that can't be done. What several have that only one may have is told by `twins`.
  func mend(_ fault: LayoutFault, twins: (Fault) -> Void) throws -> Bool {
    switch fault {
    case .unfit: return false
    case .missing(let collection):
      try session.createCollection(collection.rawValue)
      if !collection.indexes.isEmpty { try session.createIndexes(collection.rawValue, collection.indexes) }
    case .missingIndexes(let collection, let names):
      if names.contains(Collection.Index.position) { try partNumbers(twins) }
      if names.contains(Collection.Index.key) { try partKeys(twins) }
      try session.createIndexes(collection.rawValue, collection.indexes.filter { names.contains($0.name) })
    case .unfitIndex(let collection, let name, _):
      _ = try session.rawCommand(["dropIndexes": .string(collection.rawValue), "index": .string(name)])
    }
    return true
  }

  /// What the index with one of these names would have refused.
  func twins(without names: [String]) throws -> [Fault] {
    let place = Fault.Place.other("documents of \(Collection.messages.rawValue)")
    var faults: [Fault] = []
    if names.contains(Collection.Index.position) {
      for ids in try groups(Self.number, sort: ["_id": 1], filter: [:]) {
        faults.append(Fault(.numberTwice, place, count: ids.count - 1))
      }
    }
    if names.contains(Collection.Index.key) {
      for ids in try groups(Self.key, sort: ["seq": 1], filter: ["key": ["$exists": true]]) {
        faults.append(Fault(.keyTwice, place, count: ids.count - 1))
      }
    }
    return faults
  }

  private static let number: BSONDocument = ["log": "$log", "seq": "$seq"]
  private static let key: BSONDocument = ["log": "$log", "user_id": "$user_id", "key": "$key"]

  /// Writes the version, which is the last thing that a database gets.
  func writeVersion() throws {
    try session.updateOne(
      Collection.schema.rawValue, filter: ["_id": "layout"],
      update: ["$max": ["version": .int64(Collection.version)]], upsert: true
    ).get()
  }

  /// Takes the number from all but the first of the messages that have the same one: they get others when the logs are
  /// read.
  private func partNumbers(_ twins: (Fault) -> Void) throws {
    var count = 0
    for ids in try groups(Self.number, sort: ["_id": 1], filter: [:]) {
      for id in ids.dropFirst() {
        count += 1
        try session.updateOne(
          Collection.messages.rawValue, filter: ["_id": id],
          update: ["$set": ["seq": .string("twin \(count)")]]
        ).get()
        var fault = Fault(.numberTwice, .other("a document of \(Collection.messages.rawValue)"))
        fault.isMended = true
        twins(fault)
      }
    }
  }

  /// Leaves each key to the first message that has it.
  private func partKeys(_ twins: (Fault) -> Void) throws {
    let groups = try groups(
      Self.key, sort: ["seq": 1],
      filter: ["key": ["$exists": true]])
    for ids in groups {
      for id in ids.dropFirst() {
        try session.updateOne(
          Collection.messages.rawValue, filter: ["_id": id], update: ["$unset": ["key": "", "digest": ""]]
        ).get()
        var fault = Fault(.keyTwice, .other("a document of \(Collection.messages.rawValue)"))
        fault.isMended = true
        twins(fault)
      }
    }
  }

  /// The `_id`s of the messages that agree in some fields, where several do.
  private func groups(_ fields: BSONDocument, sort: BSONDocument, filter: BSONDocument) throws
    -> [[BSONValue]]
  {
    let reply = try session.rawCommand([
      "aggregate": .string(Collection.messages.rawValue),
      "pipeline": [
        ["$match": .document(filter)], ["$sort": .document(sort)],
        ["$group": ["_id": .document(fields), "ids": ["$push": "$_id"], "n": ["$sum": 1]]],
        ["$match": ["n": ["$gt": 1]]], ["$project": ["ids": 1]],
      ], "cursor": ["batchSize": 10_000], "allowDiskUse": true,
    ])
    return try reply.get("cursor").document().get("firstBatch").array().documents().map { group in
      var ids: [BSONValue] = []
      try group.get("ids").array().forEach { ids.append(try $0.value()) }
      return ids
    }
  }
}

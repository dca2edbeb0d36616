import Mongo

extension MongoSession {
  /// Returns the number of documents that match, as a majority has them.
  public func count(_ collection: String, filter: BSONDocument) throws -> Int64 {
    let counted = try aggregate(
      collection,
      pipeline: [.document(["$match": .document(filter)]), ["$group": ["_id": nil, "n": ["$sum": 1]]]])
    // Without a match there is no group, and so no document.
    return try counted.documents.documents().first?.get("n").int64() ?? 0
  }

  /// Deletes the documents that match, for a majority.
  public func deleteMany(_ collection: String, filter: BSONDocument) throws {
    _ = try rawCommand([
      "delete": .string(collection), "deletes": [["q": .document(filter), "limit": 0]],
      "writeConcern": ["w": "majority"],
    ])
  }
}

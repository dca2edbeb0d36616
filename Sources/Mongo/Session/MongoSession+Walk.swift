extension MongoSession {
  /// The number of a collection's documents, as the server has noted it; 0 for a collection that is not there.
  public func count(of collection: String) throws(MongoError) -> Int {
    let reply = try command(["count": .string(collection)])
    return Int(try read { () throws(BSONError) in try reply.get("n").int64() })
  }

  /// Returns at most `limit` documents of a collection in the order of their ids: those after `last`, or the first ones.
  public func page(
    of collection: String, after last: BSONDocument?, limit: Int
  ) throws(MongoError) -> [BSONDocument] {
    // A bound holds for ids of every type, where a filter would only find those of its own. The document itself comes along.
    let bound = try read { () throws(BSONError) in try last?.get("_id").alone }
    let count = Int64(bound == nil ? limit : limit + 1)
    let reply = try command(
      build { (writer) throws(MongoError) in
        writer.append("find", collection)
        writer.append("sort", ["_id": 1] as BSONDocument)
        writer.append("hint", ["_id": 1] as BSONDocument)
        if let bound { writer.append("min", bound) }
        writer.append("limit", count)
        writer.append("batchSize", count)
        writer.append("singleBatch", true)
      })
    return try read { () throws(BSONError) in
      let documents = try reply.get("cursor").document().get("firstBatch").array().documents()
      guard let bound, let first = documents.first, try first.get("_id").alone == bound else {
        return documents
      }
      return Array(documents.dropFirst())
    }
  }
}

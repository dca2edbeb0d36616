extension MongoSession {
  /// Counts that every change of data raises on a standalone server: documents inserted, updated and deleted, collections
  /// and databases dropped or renamed, of all databases, since the process with the first number began. They may rise a
  /// moment after the change can be read. Nil for other servers, none of which sees all that is changed. Needs the right
  /// `serverStatus`.
  public func changeCounts() throws(MongoError) -> [Int64]? {
    guard try serverInfo().topology == .standalone else { return nil }
    let status = try rawCommand(
      ["serverStatus": 1, "wiredTiger": 0, "locks": 0, "tcmalloc": 0, "transactions": 0, "network": 0],
      database: "admin")
    return try read { () throws(BSONError) in
      let metrics = try status.get("metrics").document()
      let (documents, commands) = (
        try metrics.get("document").document(), try metrics.get("commands").document()
      )
      var counts = [try status.get("pid").int64()]
      for name in ["inserted", "updated", "deleted"] { counts.append(try documents.get(name).int64()) }
      for name in ["drop", "dropDatabase", "renameCollection"] {
        counts.append(try commands.get(name).document().get("total").int64())
      }
      return counts
    }
  }
}

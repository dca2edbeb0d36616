/// How far the writes to a replica set are committed for good, as its primary tells it.
public struct MongoCommitPoint: Sendable, Hashable {
  /// The run of the server process that told it: another one after each start.
  public let process: BSONObjectID
  /// The point in time of the newest write that a majority has.
  public let time: MongoClusterTime

  /// Creates the commit point that a process tells at this time.
  public init(process: BSONObjectID, time: MongoClusterTime) { (self.process, self.time) = (process, time) }
}

extension MongoSession {
  /// The commit point, which includes every write acknowledged before, by any primary and through any client; nil
  /// where servers tell none: a standalone server, a router, versions before 4.4. What was read at
  /// this very snapshot is what a read would find now.
  ///
  /// - Parameters:
  ///   - collection: One to which a write may go that changes nothing.
  public func commitPoint(_ collection: String) throws(MongoError) -> MongoCommitPoint? {
    let hello = try upToDate(collection) { () throws(MongoError) -> BSONDocument in try self.hello() }
    return try read { () throws(BSONError) in
      guard let isPrimary = try hello.find("isWritablePrimary")?.bool(), isPrimary,
        let version = try hello.find("topologyVersion")?.document(),
        let written = try hello.find("lastWrite")?.document(),
        let newest = try written.find("majorityOpTime")?.document()
      else { return nil }
      return MongoCommitPoint(
        process: try version.get("processId").objectID(),
        time: MongoClusterTime(value: try newest.get("ts").timestamp()))
    }
  }
}

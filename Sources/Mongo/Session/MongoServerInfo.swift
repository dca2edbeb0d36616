/// A server's version, topology and abilities.
public struct MongoServerInfo: Sendable, Hashable {
  /// The topology of the servers.
  public enum Topology: String, Sendable, Hashable {
    case standalone
    case replicaSet
    case sharded
  }

  /// A server's version.
  public struct Version: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The major number.
    public var major: Int
    /// The minor number.
    public var minor: Int
    /// The patch number.
    public var patch: Int

    /// Creates a version.
    public init(_ major: Int, _ minor: Int, _ patch: Int = 0) {
      (self.major, self.minor, self.patch) = (major, minor, patch)
    }

    /// Whether the left version is older.
    public static func < (left: Version, right: Version) -> Bool {
      (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }

    /// The numbers separated by dots.
    public var description: String { "\(major).\(minor).\(patch)" }
  }

  /// The server's version.
  public let version: Version
  /// The topology of the servers.
  public let topology: Topology
  /// The replica set's name; nil without a replica set.
  public let setName: String?
  /// The server's clock, in milliseconds since 1970-01-01T00:00:00Z.
  public let localTime: Int64
  /// The largest size of a document, in bytes.
  public let maxDocumentSize: Int

  /// Whether ``MongoReadConcern/snapshot`` works.
  public var supportsSnapshotReads: Bool { topology != .standalone && version >= Version(5, 0) }

  /// Whether commands may name their collection by UUID: see ``MongoSession/collectionUUIDs``.
  public var supportsCollectionUUIDs: Bool { version >= Version(6, 0) }

  /// Whether libmongoc retries writes.
  public var supportsRetryableWrites: Bool { topology != .standalone }

  /// Whether the server has change streams.
  public var supportsChangeStreams: Bool { topology != .standalone }
}

extension MongoSession {
  /// Asks the primary for its version, topology and abilities.
  public func serverInfo() throws(MongoError) -> MongoServerInfo {
    let hello = try hello()
    let build = try rawCommand(["buildInfo": 1], database: "admin")
    return try read { () throws(BSONError) in
      let setName = try hello.find("setName")?.string()
      let isRouter = try hello.find("msg")?.string() == "isdbgrid"
      let numbers = try build.get("versionArray").array().values().map { value in
        if case .int32(let number) = value { Int(number) } else { 0 }
      }
      return MongoServerInfo(
        version: numbers.count >= 3 ? .init(numbers[0], numbers[1], numbers[2]) : .init(0, 0),
        topology: isRouter ? .sharded : setName == nil ? .standalone : .replicaSet,
        setName: setName,
        localTime: try hello.get("localTime").milliseconds(),
        maxDocumentSize: Int(try hello.get("maxBsonObjectSize").int64()))
    }
  }
}

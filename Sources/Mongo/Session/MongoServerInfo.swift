/// What a server is, and what it can do.
public struct MongoServerInfo: Sendable, Hashable {
  /// How servers stand together.
  public enum Topology: String, Sendable, Hashable {
    case standalone
    case replicaSet
    case sharded
  }

  /// A server's version.
  public struct Version: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The first number.
    public var major: Int
    /// The second number.
    public var minor: Int
    /// The third number.
    public var patch: Int

    /// A version.
    public init(_ major: Int, _ minor: Int, _ patch: Int = 0) {
      (self.major, self.minor, self.patch) = (major, minor, patch)
    }

    /// Older versions come first.
    public static func < (left: Version, right: Version) -> Bool {
      (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }

    /// The numbers with dots.
    public var description: String { "\(major).\(minor).\(patch)" }
  }

  /// The server's version.
  public let version: Version
  /// How servers stand together.
  public let topology: Topology
  /// The replica set's name.
  public let setName: String?
  /// The server's clock, in milliseconds since 1970-01-01T00:00:00Z.
  public let localTime: Int64
  /// The largest document in bytes.
  public let maxDocumentSize: Int

  /// Whether ``MongoReadConcern/snapshot`` works.
  public var supportsSnapshotReads: Bool { topology != .standalone && version >= Version(5, 0) }

  /// Whether commands may say which collection they mean: see ``MongoSession/collectionUUIDs``.
  public var supportsCollectionUUIDs: Bool { version >= Version(6, 0) }

  /// Whether writes are retried by libmongoc.
  public var supportsRetryableWrites: Bool { topology != .standalone }

  /// Whether there are change streams.
  public var supportsChangeStreams: Bool { topology != .standalone }
}

extension MongoSession {
  /// Asks the primary what it is.
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

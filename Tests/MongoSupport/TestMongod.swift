import CMongoC
import Foundation
import Mongo
import Synchronization

/// Real mongods on loopback, in a temporary folder, for the time of the tests.
///
/// However the tests end, a guardian process ends these mongods by process id and removes the folder: it
/// waits for the end of a pipe that only this process has open.
public final class TestMongod: Sendable {
  /// The ways in which servers form a deployment.
  public enum Topology: Sendable, Hashable {
    case standalone
    case replicaSet(members: Int = 1)

    var memberCount: Int {
      switch self {
      case .standalone: 1
      case .replicaSet(let members): members
      }
    }
  }

  /// The error for a running server that did not do what was asked.
  public struct Failure: Error, CustomStringConvertible {
    /// A description of the error.
    public let description: String
  }

  private struct Member {
    var port: UInt16
    var process: Process?
  }

  /// The deployment that the servers form.
  public let topology: Topology
  /// Whether other tests also use the servers.
  let isShared: Bool
  private let folder: URL
  private let guardian: Guardian
  private let binary: String
  private let arguments: [String]
  private let members: Mutex<[Member]>

  /// Starts servers and waits until they take writes.
  ///
  /// - Parameters:
  ///   - arguments: Further arguments of mongod, such as `--auth`.
  public static func start(
    _ topology: Topology, arguments: [String] = []
  ) async throws -> TestMongod {
    try await start(topology, arguments: arguments, isShared: false)
  }

  fileprivate static func start(
    _ topology: Topology, arguments: [String] = [], isShared: Bool
  ) async throws -> TestMongod {
    let mongod = try TestMongod(topology, arguments: arguments, isShared: isShared)
    try await mongod.launchAll()
    return mongod
  }

  /// Servers that all tests of this process share; each test uses a database of its own.
  public static func shared(_ topology: Topology) async throws -> TestMongod {
    try await SharedMongods.instance.mongod(topology)
  }

  private init(_ topology: Topology, arguments: [String], isShared: Bool) throws {
    self.topology = topology
    self.isShared = isShared
    self.arguments = arguments
    binary = try MongodBinary.path()
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("tidings-mongod-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    guardian = try Guardian(folder: folder)
    members = Mutex(
      try (0..<topology.memberCount).map { _ in Member(port: try LoopbackPort.free(), process: nil) })
  }

  deinit {
    guardian.release()
  }

  /// The members' ports.
  public var ports: [UInt16] { members.withLock { $0.map(\.port) } }

  /// Returns a connection string.
  ///
  /// - Parameters:
  ///   - options: Further options, joined with `&`.
  public func uri(database: String, user: String = "", options: String = "") -> String {
    let hosts = ports.map { "127.0.0.1:\($0)" }.joined(separator: ",")
    let set = topology == .standalone ? "" : "replicaSet=test&"
    let login = user.isEmpty ? "" : "\(user)@"
    return "mongodb://\(login)\(hosts)/\(database)?\(set)\(options.isEmpty ? "appName=tests" : options)"
  }

  /// Starts a member's server on the data that it has.
  public func launch(member: Int) throws {
    try members.withLock { members in
      let place = folder.appendingPathComponent("\(member)")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: binary)
      process.arguments =
        [
          "--bind_ip", "127.0.0.1", "--port", "\(members[member].port)", "--dbpath", place.path,
          "--logpath", place.appendingPathComponent("log").path, "--logappend",
          "--pidfilepath", place.appendingPathComponent("pid").path, "--nounixsocket",
          "--wiredTigerCacheSizeGB", "0.25", "--setParameter", "enableTestCommands=1",
          "--setParameter", "diagnosticDataCollectionEnabled=false",
        ] + (topology == .standalone ? [] : ["--replSet", "test", "--oplogSize", "64"]) + arguments
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      members[member].process = process
    }
  }

  /// Ends a member's server as a crash would: SIGKILL.
  public func kill(member: Int) async {
    guard let process = takeProcess(member) else { return }
    signal(process, SIGKILL)
    await offPool { process.waitUntilExit() }
  }

  /// Freezes a member's server (SIGSTOP).
  public func suspend(member: Int) {
    members.withLock { $0[member].process.map { signal($0, SIGSTOP) } }
  }

  /// Lets a frozen server go on.
  public func resume(member: Int) {
    members.withLock { $0[member].process.map { signal($0, SIGCONT) } }
  }

  /// Ends every server and removes the folder.
  public func stop() async {
    for member in 0..<topology.memberCount { await kill(member: member) }
    guardian.release()
  }

  /// Runs one command on one member, whatever its state: for faults and administration.
  @discardableResult
  public func command(
    member: Int = 0, user: String = "", database: String = "admin", _ command: BSONDocument
  ) async throws -> BSONDocument {
    let port = ports[member]
    return try await offPool {
      Result { try DirectCommand.run(port: port, user: user, database: database, command) }
    }.get()
  }

  private func launchAll() async throws {
    for member in 0..<topology.memberCount { try launch(member: member) }
    // Each server has to listen before the first one asks the others to join.
    for member in 0..<topology.memberCount { try await command(member: member, ["ping": 1]) }
    guard topology != .standalone else { return }
    let hosts = ports.enumerated().map { index, port -> BSONValue in
      ["_id": .int64(Int64(index)), "host": .string("127.0.0.1:\(port)")]
    }
    try await command([
      "replSetInitiate": [
        "_id": "test", "members": .array(try BSONArray(hosts)), "settings": ["electionTimeoutMillis": 2000],
      ]
    ])
    guard arguments.isEmpty else { return }
    try await waitForPrimary()
  }

  /// Returns the member that is primary, as soon as there is one.
  public func primary() async throws -> Int {
    let pool = MongoClientPool(
      try MongoURI(uri(database: "admin", options: "serverSelectionTimeoutMS=240000")), logger: .quiet)
    let name: Result<String, any Error>
    do {
      name = .success(try await pool.run { try $0.hello().get("me").string() })
    } catch {
      name = .failure(error)
    }
    await pool.close()
    let found = try name.get()
    guard let member = ports.firstIndex(where: { found == "127.0.0.1:\($0)" }) else {
      throw Failure(description: "no member is called \(found)")
    }
    return member
  }

  /// Returns the number of files with documents of rolled back writes that a member's server has left.
  public func rolledBackFiles(member: Int) -> Int {
    let place = folder.appendingPathComponent("\(member)/rollback")
    guard let files = FileManager.default.enumerator(at: place, includingPropertiesForKeys: nil) else {
      return 0
    }
    return files.count { ($0 as? URL)?.pathExtension == "bson" }
  }

  /// Waits until there is a primary.
  public func waitForPrimary() async throws {
    let uri = try MongoURI(uri(database: "admin", options: "serverSelectionTimeoutMS=240000"))
    let pool = MongoClientPool(uri, logger: .quiet)
    defer { Task { await pool.close() } }
    _ = try await pool.run { try $0.rawCommand(["ping": 1]) }
  }

  private func takeProcess(_ member: Int) -> Process? {
    members.withLock { members in
      defer { members[member].process = nil }
      return members[member].process
    }
  }
}

private func signal(_ process: Process, _ number: Int32) {
  Foundation.kill(process.processIdentifier, number)
}

/// Runs a blocking call on a thread outside Swift's cooperative pool.
private func offPool<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
  await withCheckedContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(returning: body()) }
  }
}

private actor SharedMongods {
  static let instance = SharedMongods()
  private var started: [TestMongod.Topology: Task<TestMongod, any Error>] = [:]

  func mongod(_ topology: TestMongod.Topology) async throws -> TestMongod {
    let task = started[topology] ?? Task { try await TestMongod.start(topology, isShared: true) }
    started[topology] = task
    return try await task.value
  }
}

import Foundation
import Logging
import Mongo

extension Logger {
  /// A logger that discards everything: tests kill servers, and libmongoc reports that.
  public static var quiet: Logger {
    Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })
  }
}

/// Runs `body` with a pool on a new database, and drops the database afterwards if the servers stay.
public func withPool<R>(
  _ mongod: TestMongod, options: String = "", queueLimit: Int = 4096,
  _ body: (MongoClientPool) async throws -> R
) async throws -> R {
  let name = "t_" + UUID().uuidString.prefix(8).lowercased()
  let pool = MongoClientPool(
    try MongoURI(mongod.uri(database: name, options: options)), queueLimit: queueLimit, logger: .quiet)
  do {
    let result = try await body(pool)
    if mongod.isShared { try await pool.run { try $0.dropDatabase() } }
    await pool.close()
    return result
  } catch {
    await pool.close()
    throw error
  }
}

/// Runs `body` with the connection string of a new database, and drops the database afterwards, as `withPool`
/// does. Only a few run at the same time: tests all run together, and creating so many collections at once
/// takes a server minutes.
public func withDatabase<R>(
  _ mongod: TestMongod, options: String = "", _ body: (String) async throws -> R
) async throws -> R {
  let name = "t_" + UUID().uuidString.prefix(8).lowercased()
  let uri = mongod.uri(database: name, options: options)
  await DatabaseGate.shared.enter()
  defer { Task { await DatabaseGate.shared.leave() } }
  let result: Result<R, any Error>
  do { result = .success(try await body(uri)) } catch { result = .failure(error) }
  // The test's own servers end with it, and may be unable to drop anything.
  guard mongod.isShared else { return try result.get() }
  // The test's own timeouts may be short.
  let pool = MongoClientPool(
    try MongoURI(
      mongod.uri(database: name, options: "serverSelectionTimeoutMS=240000&waitQueueTimeoutMS=240000")),
    logger: .quiet)
  do {
    try await pool.run { try $0.dropDatabase() }
    await pool.close()
  } catch {
    await pool.close()
    throw error
  }
  return try result.get()
}

/// A gate that lets a few tests through at once, in the order in which they came.
private actor DatabaseGate {
  static let shared = DatabaseGate()
  private var free = 6
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func enter() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}

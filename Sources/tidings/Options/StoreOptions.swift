import API
import ArgumentParser
import Foundation
import Inbox
import Logging
import MemoryStore
import MongoStore
import SQLiteStore

/// Which store a command works on.
struct StoreOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Where the messages are kept: sqlite:PATH, mongodb://... or memory:.",
      discussion: """
        Without it, TIDINGS_STORE says so, which keeps a password out of the process list; without \
        that, tidings/tidings.db under $XDG_DATA_HOME (or ~/.local/share) is used and made if missing.
        """,
      valueName: "url"))
  var store: String?

  /// The store that was asked for; with `makesFolder`, the folder of the standard one exists afterwards.
  func url(makesFolder: Bool = true) throws -> StoreURL {
    if let store { return try Self.parse(store, from: "--store") }
    if let text = ProcessInfo.processInfo.environment["TIDINGS_STORE"], !text.isEmpty {
      return try Self.parse(text, from: "TIDINGS_STORE")
    }
    return .sqlite(path: try Self.standardPath(makesFolder: makesFolder))
  }

  private static let rule = "a store is sqlite:PATH, mongodb://..., mongodb+srv://... or memory:"

  /// Says what a store is without repeating what was given: it may hold a password.
  static func parse(_ text: String, from origin: String) throws -> StoreURL {
    guard let url = StoreURL(text) else {
      throw Failure(.badParameters, "\(origin): \(rule)")
    }
    return url
  }

  /// The file used when none is named; its folder is made for this user alone.
  private static func standardPath(makesFolder: Bool) throws -> String {
    let environment = ProcessInfo.processInfo.environment
    let home: URL
    // The XDG base directory specification: a path that is not absolute is ignored.
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
      home = URL(fileURLWithPath: data)
    } else {
      let user = environment["HOME"].map { URL(fileURLWithPath: $0) }
      home = (user ?? FileManager.default.homeDirectoryForCurrentUser).appendingPathComponent(".local/share")
    }
    let folder = home.appendingPathComponent("tidings")
    do {
      if makesFolder {
        try FileManager.default.createDirectory(
          at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      }
    } catch {
      throw Failure(.unavailable, "the folder \(folder.path) can't be made: \(error.localizedDescription)")
    }
    return folder.appendingPathComponent("tidings.db").path
  }

  /// Opens the store; throws `Failure` with what to do.
  func open(_ logger: Logger) throws -> any MessageStore {
    try Self.open(url(), logger)
  }

  /// Opens a store; throws `Failure` with what to do.
  static func open(_ url: StoreURL, _ logger: Logger) throws -> any MessageStore {
    switch url {
    case .memory:
      logger.info("messages are kept in memory until this program ends")
      return MemoryStore()
    case .sqlite(let path):
      do {
        let store = try SQLiteStore(path: path)
        logger.info("messages are kept in a file", metadata: ["path": "\(path)"])
        return store
      } catch {
        throw Failure(.unavailable, "\(error)")
      }
    case .mongodb(let uri):
      return try openMongoDB(uri, logger)
    }
  }

  /// Goes on without a server: calls say so until there is one. What waiting can't heal ends the start.
  private static func openMongoDB(_ uri: String, _ logger: Logger) throws -> MongoStore {
    do {
      let store = try MongoStore(uri: uri, logger: logger, endsWithProcess: true)
      let isReady = try wait { try await store.prepare() }
      let place: Logger.Metadata = ["place": "\(store.place)"]
      if isReady {
        logger.info("messages are kept in MongoDB", metadata: place)
      } else {
        logger.warning("MongoDB can't be reached now; calls fail until it can be", metadata: place)
      }
      return store
    } catch let error as MongoStoreOpenError {
      throw Failure(.configuration, "\(error)")
    }
  }
}

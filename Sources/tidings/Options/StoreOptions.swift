import API
import ArgumentParser
import Inbox
import Logging
import MemoryStore
import MongoStore
import SQLiteStore

/// The options for the store on which a command works.
struct StoreOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Where messages are stored: sqlite:PATH, mongodb://... or memory:.",
      discussion: """
        The default is TIDINGS_STORE, which keeps a password out of the process list; if that is not set, \
        tidings/tidings.db under $XDG_DATA_HOME (or ~/.local/share), created if missing.
        """,
      valueName: "url"))
  var store: String?

  @Flag(
    name: .long,
    help: "Allow a file that another user owns, or that others may read or write.")
  var allowSharedFile = false

  /// The store that the options name. With `makesFolder`, the folder of the standard store exists afterwards.
  func url(makesFolder: Bool = true) throws(CommandError) -> StoreURL {
    if let store { return try Self.parse(store, from: "--store") }
    if let text = Environment.value("TIDINGS_STORE") { return try Self.parse(text, from: "TIDINGS_STORE") }
    return .sqlite(path: FilePath(bytes: try Self.standardPath(makesFolder: makesFolder).systemBytes))
  }

  /// Parses the value of an option or of an environment variable.
  static func parse(_ text: String, from origin: String) throws(CommandError) -> StoreURL {
    do {
      return try StoreURL(text, home: Environment.home)
    } catch {
      throw CommandError(.badParameters, "\(origin): \(error.sentence)")
    }
  }

  /// The path of the file that is used when no store is named. Its folder is made for this user alone.
  private static func standardPath(makesFolder: Bool) throws(CommandError) -> String {
    var folder: String
    // XDG Base Directory Specification: a path that is not absolute is ignored.
    if let data = Environment.value("XDG_DATA_HOME"), data.hasPrefix("/") {
      folder = data
    } else if let home = Environment.home {
      folder = "\(home)/.local/share"
    } else {
      throw CommandError(
        .unavailable, "no store is named, and the user has no home folder: use --store sqlite:PATH")
    }
    folder += "/tidings"
    if makesFolder {
      do {
        try Folder.make(FilePath(bytes: folder.systemBytes))
      } catch {
        throw CommandError(.unavailable, "the folder \(folder) can't be created: \(error)")
      }
    }
    return "\(folder)/tidings.db"
  }

  /// Opens the store; throws a `CommandError` that tells what to do.
  func open(_ logger: Logger) throws -> any ExaminedStore {
    try Self.open(url(), allowsSharing: allowSharedFile, logger)
  }

  /// Opens a store; throws a `CommandError` that tells what to do.
  static func open(
    _ url: StoreURL, allowsSharing: Bool, _ logger: Logger
  ) throws -> any ExaminedStore {
    try SystemLimits.check(descriptors: url.descriptors)
    switch url {
    case .memory:
      logger.info("messages are kept in memory until this program ends")
      return MemoryStore()
    case .sqlite(let path):
      do {
        let store = try SQLiteStore(path: path, allowsSharing: allowsSharing)
        logger.info("messages are kept in a file", metadata: ["path": "\(path)"])
        return store
      } catch {
        throw CommandError(.unavailable, "\(error)")
      }
    case .mongodb(let uri):
      return try openMongoDB(uri, logger)
    }
  }

  /// Opens a MongoDB store, even if there is no server: calls report that until there is one. An error that
  /// waiting can't cure ends the start.
  private static func openMongoDB(_ uri: String, _ logger: Logger) throws -> MongoStore {
    do {
      let store = try MongoStore(uri: uri, logger: logger, endsWithProcess: true)
      let isReady = try wait { try await store.prepare() }
      let place: Logger.Metadata = ["place": "\(store.place)"]
      if isReady {
        logger.info("messages are kept in MongoDB", metadata: place)
      } else {
        logger.warning("MongoDB can't be used now; calls fail until it can be", metadata: place)
      }
      return store
    } catch let error as MongoStoreOpenError {
      // What isn't installed is no fault of the URI.
      if case .library = error { throw CommandError(.unavailable, "\(error)") }
      throw CommandError(.configuration, "\(error)")
    }
  }
}

import API
import ArgumentParser
import Foundation
import Inbox
import Logging
import MemoryStore
import SQLiteStore

/// Which store a command works on.
struct StoreOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Where the messages are kept: sqlite:PATH or memory:.",
      discussion: """
        Without it, TIDINGS_STORE says so, which keeps a password out of the process list; without \
        that, tidings/tidings.db under $XDG_DATA_HOME (or ~/.local/share) is used and made if missing.
        """,
      valueName: "url"))
  var store: String?

  /// The store that was asked for.
  func url() throws -> StoreURL {
    if let store { return try Self.parse(store, from: "--store") }
    if let text = ProcessInfo.processInfo.environment["TIDINGS_STORE"], !text.isEmpty {
      return try Self.parse(text, from: "TIDINGS_STORE")
    }
    return .sqlite(path: try Self.standardPath())
  }

  /// Says what a store is without repeating what was given: it may hold a password.
  private static func parse(_ text: String, from origin: String) throws -> StoreURL {
    guard let url = StoreURL(text) else {
      throw Failure(.badParameters, "\(origin): a store is sqlite:PATH or memory:")
    }
    return url
  }

  /// The file used when none is named; its folder is made if missing, for this user alone.
  private static func standardPath() throws -> String {
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
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw Failure(.unavailable, "the folder \(folder.path) can't be made: \(error.localizedDescription)")
    }
    return folder.appendingPathComponent("tidings.db").path
  }

  /// Opens the store; throws `Failure` with what to do.
  func open(_ logger: Logger) throws -> any MessageStore {
    switch try url() {
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
    }
  }
}

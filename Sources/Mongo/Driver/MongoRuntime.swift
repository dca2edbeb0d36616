import CMongoC
import LibC
import Locks
import Logging
import Runtime

/// The parts of libmongoc that exist once in a process.
public enum MongoRuntime {
  private struct State {
    var logger: Logger?
    /// The thread that parses a URI: what libmongoc logs meanwhile may quote the URI.
    var muted: UInt?
  }

  // Held for a look or an entry.
  private static let state = Locked(State())

  /// The reason why libmongoc can't be used; nil if it can.
  private static let fault: MongoLibraryError? = {
    let fault = MongoLibrary.open()
    guard fault == nil else { return fault }
    // Loading it has put its counters into shared memory, where a process that is killed leaves them; a later
    // one with the same id would then report that on stderr.
    shm_unlink("/mongoc-\(getpid())")
    // The handler comes first: the default one writes to standard output.
    mongoc_log_set_handler(receiveLog, nil)
    mongoc_init()
    return nil
  }()

  /// Loads libmongoc, once. That takes as long as reading its libraries from the disk. Throws if it isn't there.
  public static func load() throws(MongoLibraryError) {
    if let fault { throw fault }
  }

  /// Sends libmongoc's log to `logger` from now on; without a logger it is dropped. Loads libmongoc: who isn't
  /// sure that it is there calls ``load()`` before.
  public static func start(logger: Logger? = nil) {
    if let logger { state.withLock { $0.logger = logger } }
    if let fault { fatalError(fault.description) }
  }

  /// Runs `body` while libmongoc's log from this thread is dropped.
  static func muted<R>(_ body: () -> R) -> R {
    state.withLock { $0.muted = SystemThread.currentID }
    defer { state.withLock { $0.muted = nil } }
    return body()
  }

  fileprivate static func log(_ level: mongoc_log_level_t, _ domain: String, _ message: String) {
    let logger = state.withLock { $0.muted == SystemThread.currentID ? nil : $0.logger }
    guard let logger else { return }
    logger.log(level: Logger.Level(level), "\(Secrets.redact(message))", metadata: ["libmongoc": "\(domain)"])
  }
}

private func receiveLog(
  _ level: mongoc_log_level_t, _ domain: UnsafePointer<CChar>?, _ message: UnsafePointer<CChar>?,
  _ context: UnsafeMutableRawPointer?
) {
  MongoRuntime.log(
    level, domain.map { String(cString: $0) } ?? "", message.map { String(cString: $0) } ?? "")
}

extension Logger.Level {
  /// libmongoc logs an unreachable server as a warning and retries by itself; nothing in its log ends the
  /// process.
  fileprivate init(_ level: mongoc_log_level_t) {
    self =
      switch level {
      case MONGOC_LOG_LEVEL_ERROR, MONGOC_LOG_LEVEL_CRITICAL: .error
      case MONGOC_LOG_LEVEL_WARNING: .warning
      case MONGOC_LOG_LEVEL_MESSAGE, MONGOC_LOG_LEVEL_INFO: .info
      case MONGOC_LOG_LEVEL_DEBUG: .debug
      default: .trace
      }
  }
}

import CMongoC
import Locks
import Logging
import Runtime

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The parts of libmongoc that exist once in a process.
public enum MongoRuntime {
  private struct State {
    var logger: Logger?
    /// The thread that parses a URI: what libmongoc logs meanwhile may quote the URI.
    var muted: UInt?
  }

  // Held for a look or an entry.
  private static let state = Locked(State())

  private static let initialised: Void = {
    // The handler comes first: the default one writes to standard output.
    mongoc_log_set_handler(receiveLog, nil)
    mongoc_init()
    hideCounters()
  }()

  /// Initialises libmongoc, once, and sends its log to `logger` from now on.
  ///
  /// ``MongoClientPool`` calls this; without a logger libmongoc's log is dropped.
  public static func start(logger: Logger? = nil) {
    if let logger { state.withLock { $0.logger = logger } }
    _ = initialised
  }

  /// Removes libmongoc's counters from shared memory. The library puts them there when it is loaded, and a
  /// process that is killed leaves them there; a later process with the same id would then report that on
  /// stderr.
  public static func hideCounters() {
    shm_unlink("/mongoc-\(getpid())")
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

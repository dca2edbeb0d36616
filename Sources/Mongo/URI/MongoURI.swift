import CMongoC

/// A checked `mongodb://` or `mongodb+srv://` connection string. Some options are forced and others are
/// bounded:
///
/// - Forced whatever the string says: `w=majority`, `journal=true`, `readConcernLevel=majority`,
///   `readPreference=primary`, `retryWrites=true`, `retryReads=true`. Options that say otherwise are
///   named in ``overriddenOptions``.
/// - Bounded: every timeout has a default and a largest value, so that nothing waits for ever.
/// - A single host without `replicaSet` and `directConnection` is asked for its replica set, as the current
///   drivers do; `directConnection=true` keeps to that host.
///
/// Neither the description nor a mirror shows the credentials.
public struct MongoURI: Sendable {
  /// The database that the string names, or the default database.
  public let database: String
  /// Host names and ports, without credentials.
  public let hosts: [String]
  /// `maxPoolSize`: the number of threads, each with a client of its own.
  public let threads: Int
  /// The timeouts in effect.
  public let timeouts: Timeouts
  /// The names of options whose value in the string was overridden.
  public let overriddenOptions: [String]
  /// The weaknesses of the connection, a sentence each.
  public private(set) var warnings: [String] = []
  /// Whether the hosts are looked up in DNS (`mongodb+srv://`).
  public let isSRV: Bool

  /// Bounds on waiting.
  public struct Timeouts: Sendable, Hashable {
    /// The time that a request waits for a primary.
    public var serverSelection: Duration
    /// The time that connecting may take; also that of a heartbeat.
    public var connect: Duration
    /// The time that an answer may take.
    public var socket: Duration
    /// The time that a majority may take to confirm a write; always less than `socket`.
    public var write: Duration
    /// The time that a request waits for a thread.
    public var waitQueue: Duration
    /// The time between two heartbeats, which ask for a server's state.
    public var heartbeat: Duration
  }

  /// The string that libmongoc is given: without the forced options.
  private let text: String
  let secrets: [String]
  let milliseconds: URIOptions.Milliseconds
  let hasDirectConnection: Bool
  let appName: String

  /// Checks a connection string.
  ///
  /// - Parameters:
  ///   - string: The connection string, with user and password percent-encoded.
  ///   - defaultDatabase: The database if the string names none.
  ///   - appName: The name in the server's log, unless the string has one; at most 128 bytes.
  public init(
    _ string: String, defaultDatabase: String = "tidings", appName: String = "tidings"
  ) throws(MongoURIError) {
    let parts = try URIParts(string)
    let options = try URIOptions(parts.options)
    if let name = options.unreadableFile {
      throw MongoURIError("the MongoDB URI is not valid: the file that \(name) names can't be read")
    }
    isSRV = parts.isSRV
    hosts = parts.hosts
    database = parts.database.isEmpty ? defaultDatabase : parts.database
    threads = options.threads
    milliseconds = options.milliseconds
    timeouts = options.milliseconds.timeouts
    overriddenOptions = options.overridden
    hasDirectConnection = options.names.contains("directconnection") || options.names.contains("loadbalanced")
    self.appName = options.appName ?? appName
    secrets = parts.secrets + options.secrets
    text = parts.text(options: options.passedOn)
    MongoRuntime.start()
    guard let uri = makeURI() else {
      throw MongoURIError("the MongoDB URI is not valid: libmongoc refuses its options or hosts")
    }
    warnings = URIWarnings.of(parts, options, usesTLS: mongoc_uri_get_tls(uri))
    mongoc_uri_destroy(uri)
  }

  /// Creates a `mongoc_uri_t`, which the caller destroys; nil if libmongoc refuses the text. libmongoc's own
  /// messages may quote the text, so they are dropped.
  func makeURI() -> OpaquePointer? {
    MongoRuntime.muted {
      var error = bson_error_t()
      guard let uri = mongoc_uri_new_with_error(text, &error) else { return nil }
      guard apply(to: uri) else {
        mongoc_uri_destroy(uri)
        return nil
      }
      return uri
    }
  }

  private func apply(to uri: OpaquePointer) -> Bool {
    let writeConcern = mongoc_write_concern_new()
    let readConcern = mongoc_read_concern_new()
    let preference = mongoc_read_prefs_new(MONGOC_READ_PRIMARY)
    defer {
      mongoc_write_concern_destroy(writeConcern)
      mongoc_read_concern_destroy(readConcern)
      mongoc_read_prefs_destroy(preference)
    }
    mongoc_write_concern_set_wmajority(writeConcern, milliseconds.write)
    mongoc_write_concern_set_journal(writeConcern, true)
    mongoc_uri_set_write_concern(uri, writeConcern)
    mongoc_read_concern_set_level(readConcern, "majority")
    mongoc_uri_set_read_concern(uri, readConcern)
    mongoc_uri_set_read_prefs_t(uri, preference)
    let isSet =
      mongoc_uri_set_option_as_bool(uri, "retrywrites", true)
      && mongoc_uri_set_option_as_bool(uri, "retryreads", true)
      && mongoc_uri_set_option_as_int32(uri, "serverselectiontimeoutms", milliseconds.serverSelection)
      && mongoc_uri_set_option_as_int32(uri, "connecttimeoutms", milliseconds.connect)
      && mongoc_uri_set_option_as_int32(uri, "sockettimeoutms", milliseconds.socket)
      && mongoc_uri_set_option_as_int32(uri, "waitqueuetimeoutms", milliseconds.waitQueue)
      && mongoc_uri_set_option_as_int32(uri, "heartbeatfrequencyms", milliseconds.heartbeat)
      && mongoc_uri_set_appname(uri, appName)
      && mongoc_uri_set_database(uri, database)
    guard isSet else { return false }
    return hasDirectConnection || mongoc_uri_set_option_as_bool(uri, "directconnection", false)
  }
}

extension MongoURI: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Scheme, hosts and database.
  public var description: String {
    "mongodb\(isSRV ? "+srv" : "")://\(hosts.joined(separator: ","))/\(database)"
  }

  /// The description.
  public var debugDescription: String { description }

  /// Hosts and database only.
  public var customMirror: Mirror {
    Mirror(self, children: ["hosts": hosts, "database": database])
  }
}

/// The reason why a connection string was refused. The message quotes only names of options.
public struct MongoURIError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The reason.
  public let message: String

  init(_ message: String) {
    self.message = message
  }

  /// The reason.
  public var description: String { message }
}

import GRDB
import GRDBSQLite
import Inbox

/// The connections of a store that was opened, with what keeps other processes out.
struct OpenDatabase {
  var file: DatabaseFile
  var turnstile: Turnstile
  var identity: FileIdentity
  var writer: DatabaseQueue
  var readers: [DatabaseQueue]
}

extension OpenDatabase {
  /// Opens the file, made and brought to this version if need be. Blocks; waits for other processes no
  /// longer than `patience`.
  static func open(
    path: String, readers: Int, patience: Duration
  ) throws(SQLiteOpenError) -> OpenDatabase {
    let file = try DatabaseFile(path: path)
    // Before anything is made beside it.
    try file.checkAccess()
    var backoff = Backoff(patience)
    let turnstile = try entered(file, &backoff)
    defer { turnstile.leave() }
    do throws(SQLiteOpenError) {
      return try open(file, turnstile, readers: readers, &backoff)
    } catch {
      // A file that is not ours is left as it was, with nothing beside it.
      if error.isRefusal { turnstile.removeIfNew() }
      throw error
    }
  }

  /// The turnstile, with a turn in it.
  private static func entered(
    _ file: DatabaseFile, _ backoff: inout Backoff
  ) throws(SQLiteOpenError) -> Turnstile {
    while true {
      let turnstile = try Turnstile(file)
      do {
        try turnstile.enter(&backoff)
      } catch {
        throw SQLiteOpenError(file.path, .busy)
      }
      // Its file may have been removed by one that was refused: others would lock a new one.
      if turnstile.isCurrent { return turnstile }
    }
  }

  private static func open(
    _ file: DatabaseFile, _ turnstile: Turnstile, readers: Int, _ backoff: inout Backoff
  ) throws(SQLiteOpenError) -> OpenDatabase {
    let path = file.path
    try file.create()
    while true {
      do {
        // Several steps may meet another connection's lock whatever their timeout: they are repeated as a
        // whole.
        let writer = try writer(file)
        let readers = try (0..<readers).map { _ in try reader(file) }
        let identity = FileIdentity([file.canonicalPath, file.lockPath])
        return OpenDatabase(
          file: file, turnstile: turnstile, identity: identity, writer: writer, readers: readers)
      } catch let error as SQLiteOpenError {
        throw error
      } catch let error as DatabaseError {
        let code = error.extendedResultCode.rawValue
        guard Failure.isBusy(code) else { throw SQLiteOpenError(path, code: code) }
        guard backoff.pause() else { throw SQLiteOpenError(path, .busy) }
      } catch {
        throw SQLiteOpenError(path, .failed("\(error)"))
      }
    }
  }

  private static func writer(_ file: DatabaseFile) throws -> DatabaseQueue {
    let writer = try DatabaseQueue(path: file.canonicalPath, configuration: configuration)
    try writer.inDatabase { database in
      switch try Schema.identity(of: database) {
      case .foreign:
        throw SQLiteOpenError(file.path, .otherProgram)
      case .ours(let version) where version > Schema.version:
        throw SQLiteOpenError(file.path, .newerVersion(found: version, known: Schema.version))
      case .ours(let version) where version < 1:
        throw SQLiteOpenError(file.path, .damaged)
      case .empty, .ours:
        break
      }
      // Nothing is written before the file is known to be ours.
      guard sqlite3_db_readonly(database.sqliteConnection, "main") == 0 else {
        throw SQLiteOpenError(file.path, .notWritable)
      }
      try common(database)
      guard try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL") == "wal" else {
        throw SQLiteOpenError(file.path, .failed("its file system has no shared memory for SQLite"))
      }
      try database.execute(
        sql: """
          PRAGMA synchronous = FULL;
          PRAGMA secure_delete = ON;
          PRAGMA journal_size_limit = 67108864;
          """)
      try Schema.migrate(database)
    }
    return writer
  }

  private static func reader(_ file: DatabaseFile) throws -> DatabaseQueue {
    var configuration = configuration
    configuration.readonly = true
    let reader = try DatabaseQueue(path: file.canonicalPath, configuration: configuration)
    try reader.inDatabase { try common($0) }
    return reader
  }

  private static func common(_ database: Database) throws {
    // Checkpoints run in the turnstile, cells are checked before a damaged page can mislead, and a file
    // from elsewhere can't run code.
    try database.execute(
      sql: """
        PRAGMA wal_autocheckpoint = 0;
        PRAGMA cell_size_check = ON;
        PRAGMA trusted_schema = OFF;
        PRAGMA cache_size = -4000;
        """)
  }

  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.label = "tidings"
    configuration.busyMode = .immediateError
    configuration.foreignKeysEnabled = false
    // Transactions are ours; GRDB would end the process over one left open.
    configuration.allowsUnsafeTransactions = true
    return configuration
  }
}

extension SQLiteOpenError {
  /// Whether the file is none that this program can ever use.
  fileprivate var isRefusal: Bool {
    switch reason {
    case .notADatabase, .otherProgram, .newerVersion, .damaged, .notWritable: true
    case .missingFolder, .danglingLink, .notAFile, .busy, .failed: false
    }
  }

  /// The error for a result code of SQLite.
  init(_ path: String, code: Int32) {
    switch Failure.primary(code) {
    case SQLITE_NOTADB: self.init(path, .notADatabase)
    case SQLITE_CORRUPT, SQLITE_ERROR, SQLITE_CONSTRAINT: self.init(path, .damaged)
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: self.init(path, .notWritable)
    case SQLITE_FULL: self.init(path, .failed("the disk is full"))
    default: self.init(path, .failed(Failure.name(code)))
    }
  }
}

import CSQLite
import Inbox

/// The connections of a store that was opened, with what keeps other processes out.
struct OpenDatabase: Sendable {
  var file: DatabaseFile
  var turnstile: Turnstile
  var identity: FileIdentity
  var writer: Database
  var readers: [Database]
}

extension OpenDatabase {
  /// Opens the file, made and brought to this version if need be. Blocks; waits for other processes no
  /// longer than `patience`.
  static func open(
    path: FilePath, readers: Int, patience: Duration
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
      } catch let failure as Failure {
        guard failure.isBusy else { throw SQLiteOpenError(file.path, failure) }
        guard backoff.pause() else { throw SQLiteOpenError(file.path, .busy) }
      } catch let error as SQLiteOpenError {
        throw error
      } catch {
        throw SQLiteOpenError(file.path, .failed("\(error)"))
      }
    }
  }

  private static func writer(_ file: DatabaseFile) throws -> Database {
    // A file that is refused keeps its log, and gets none: SQLite removes at once the one it makes for reading.
    let hasLog = file.walPath.exists
    let writer = try Database(file.canonicalPath, .readWrite)
    if hasLog { try writer.leaveLogAtClose() }
    let identity = try Schema.identity(of: writer)
    switch identity {
    case .foreign:
      throw SQLiteOpenError(file.path, .otherProgram)
    case .ours(let version) where version > Schema.version:
      throw SQLiteOpenError(file.path, .newerVersion(found: version, known: Schema.version))
    case .ours(let version) where version < 1:
      throw SQLiteOpenError(file.path, .damaged)
    case .ours(let version) where version < Schema.oldest:
      throw SQLiteOpenError(file.path, .olderVersion(found: version, known: Schema.version))
    case .empty, .ours:
      break
    }
    // Nothing is written before the file is known to be ours.
    guard !writer.isReadOnly else { throw SQLiteOpenError(file.path, .notWritable) }
    try writer.leaveLogAtClose()
    try common(writer)
    guard try writer.text("PRAGMA journal_mode = WAL") == "wal" else {
      throw SQLiteOpenError(file.path, .failed("its file system has no shared memory for SQLite"))
    }
    try writer.execute(
      """
      PRAGMA synchronous = FULL;
      PRAGMA secure_delete = ON;
      PRAGMA journal_size_limit = 67108864;
      """)
    // A file that is as it should be is not written.
    if identity != .ours(version: Schema.version) { try Schema.migrate(writer) }
    return writer
  }

  private static func reader(_ file: DatabaseFile) throws(Failure) -> Database {
    let reader = try Database(file.canonicalPath, .readOnly)
    try reader.leaveLogAtClose()
    try common(reader)
    return reader
  }

  private static func common(_ database: Database) throws(Failure) {
    // Checkpoints run in the turnstile, cells are checked before a damaged page can mislead, a file from
    // elsewhere can't run code, and what is sorted needs no other file.
    try database.execute(
      """
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA cell_size_check = ON;
      PRAGMA trusted_schema = OFF;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -4000;
      """)
  }
}

extension SQLiteOpenError {
  /// Whether the file is none that this program can ever use.
  fileprivate var isRefusal: Bool {
    switch reason {
    case .notADatabase, .otherProgram, .newerVersion, .olderVersion, .damaged, .notWritable: true
    case .missingFolder, .danglingLink, .notAFile, .busy, .failed: false
    }
  }

  /// The error for what SQLite reported.
  init(_ path: FilePath, _ failure: Failure) {
    if let shortage = failure.shortage {
      self.init(path, .failed(shortage))
      return
    }
    switch failure.primary {
    case SQLITE_NOTADB: self.init(path, .notADatabase)
    case SQLITE_CORRUPT, SQLITE_ERROR, SQLITE_CONSTRAINT: self.init(path, .damaged)
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: self.init(path, .notWritable)
    default: self.init(path, .failed(failure.name))
    }
  }
}

import CSQLite
import Inbox
import LibC
import Runtime

/// The connections of a store that was opened, with the claims and locks that keep other processes out.
struct OpenDatabase: Sendable {
  var file: DatabaseFile
  var files: StoreFiles
  var turnstile: Turnstile
  /// The claims must outlive the connections.
  var claims: [FileClaim]
  var writer: Database
  var readers: [Database]
}

extension OpenDatabase {
  /// Lets other processes use these files, with any other files, once the connections are closed.
  func release() {
    for claim in claims { claim.release() }
    turnstile.lock.unlock(FileClaim.all)
  }

  /// Opens the file, which is created or migrated to this version if needed. Blocks; waits for other
  /// processes no longer than `patience`.
  static func open(
    _ file: DatabaseFile, readers: Int, patience: Duration
  ) throws(SQLiteOpenError) -> OpenDatabase {
    // These checks come before anything is created beside the file.
    try file.checkAccess()
    try file.checkTrust()
    var backoff = Backoff(patience, .local)
    let turnstile = try entered(file, &backoff)
    defer { turnstile.leave() }
    do throws(SQLiteOpenError) {
      let opening = Opening(file: file, turnstile: turnstile, readers: readers)
      return try opening.run(&backoff)
    } catch {
      // A file that is not ours is left unchanged, with nothing beside it.
      if error.isRefusal { turnstile.removeIfNew() }
      throw error
    }
  }

  /// Returns the turnstile after taking a turn in it.
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
      // A process that was refused may have removed the turnstile's file: others would lock a new one.
      if turnstile.isCurrent { return turnstile }
    }
  }
}

/// The steps of opening, which run with a turn.
private struct Opening {
  let file: DatabaseFile
  let turnstile: Turnstile
  let readers: Int

  func run(_ backoff: inout Backoff) throws(SQLiteOpenError) -> OpenDatabase {
    try prepare()
    do {
      let claim = try FileClaim(file.canonicalPath)
      // The check is of the file that was opened, whatever has its name meanwhile.
      if let reason = file.trust.objection(toDatabase: claim.file, file.canonicalPath) {
        // Nobody is told to change the permissions of a file that is not ours.
        throw SQLiteOpenError(file.path, claim.isForeign ?? reason)
      }
      // Whoever has the file under its other name would not see what is only in the log: not even when nobody uses
      // this one any more, after a kill.
      guard !claim.isMount else { throw SQLiteOpenError(file.path, .mountedAlone) }
      guard try claim.begin(&backoff) else { throw SQLiteOpenError(file.path, .busy) }
      defer { claim.end() }
      try checkClaims(claim)
      return try connect(claim, &backoff)
    } catch let error as SQLiteOpenError {
      throw error
    } catch let error as SystemError {
      throw SQLiteOpenError(file.path, errno: error.code)
    } catch {
      throw SQLiteOpenError(file.path, .failed("\(error)"))
    }
  }

  /// Creates the database if there is none, and refuses files that must not be used with it.
  private func prepare() throws(SQLiteOpenError) {
    if FileStatus(file.canonicalPath)?.size ?? 0 == 0 {
      // The file was removed or emptied while others have it open: they may still save acknowledged changes.
      guard try !isInUse() else { throw SQLiteOpenError(file.path, .usedOtherwise) }
      // If a log lies beside an empty database, SQLite would remove it with the changes in it.
      if let log = FileStatus(file.walPath), log.size > 0 {
        throw SQLiteOpenError(file.path, .strayLog(file.walPath))
      }
    }
    if try file.create() {
      // The files left by another database must not be shared with this one.
      for path in [file.walPath, file.shmPath] { _ = path.withCString { unlink($0) } }
    }
    guard let lock = turnstile.status else { throw SQLiteOpenError(file.path, errno: errno) }
    try file.checkTrust(of: lock, file.lockPath)
  }

  /// Throws if one of the files is used with others: SQLite must not open a log and an index that don't
  /// belong together.
  private func checkClaims(_ claim: FileClaim) throws {
    let found = try Found(file, claim, turnstile)
    for lock in found.locks where try lock.isClaimed(againstAllBut: found.files?.all) {
      throw SQLiteOpenError(file.path, .usedOtherwise)
    }
  }

  /// Whether other stores have their files open with this lock file.
  private func isInUse() throws(SQLiteOpenError) -> Bool {
    do {
      return try turnstile.lock.isLocked(FileClaim.all)
    } catch {
      throw SQLiteOpenError(file.path, errno: error.code)
    }
  }

  private func connect(_ claim: FileClaim, _ backoff: inout Backoff) throws -> OpenDatabase {
    while true {
      do {
        // Several steps may meet another connection's lock, whatever their timeout: they are repeated as a
        // whole.
        let (writer, found, files) = try writer(claim)
        let readers = try (0..<readers).map { _ in try reader() }
        // This makes sure that all connections opened the same files.
        guard case .whole = files.look() else { throw SQLiteOpenError(file.path, .changed) }
        return OpenDatabase(
          file: file, files: files, turnstile: turnstile, claims: found.claims, writer: writer,
          readers: readers)
      } catch let failure as SQLiteError {
        guard failure.isBusy else { throw SQLiteOpenError(file.path, failure) }
        guard backoff.pause() else { throw SQLiteOpenError(file.path, .busy) }
      }
    }
  }

  private func writer(_ claim: FileClaim) throws -> (Database, Found, StoreFiles) {
    // A refused file keeps its log if it has one. Otherwise it gets none: SQLite removes at once the log that
    // it makes for reading.
    let hasLog = file.walPath.exists
    let writer = try Database(file.canonicalPath, .readWrite)
    if hasLog { try writer.leaveLogAtClose() }
    let identity = try DatabaseSchema.identity(of: writer)
    switch identity {
    case .foreign:
      throw SQLiteOpenError(file.path, .otherProgram)
    case .ours(let version) where version > DatabaseSchema.version:
      throw SQLiteOpenError(file.path, .newerVersion(found: version, known: DatabaseSchema.version))
    case .ours(let version) where version < 1:
      throw SQLiteOpenError(file.path, .damaged)
    case .ours(let version) where version < DatabaseSchema.oldest:
      throw SQLiteOpenError(file.path, .olderVersion(found: version, known: DatabaseSchema.version))
    case .empty, .ours:
      break
    }
    // Nothing is written before the file is known to be ours.
    guard !writer.isReadOnly else { throw SQLiteOpenError(file.path, .notWritable) }
    try common(writer)
    guard try writer.text("PRAGMA journal_mode = WAL") == "wal" else {
      throw SQLiteOpenError(file.path, .failed("its file system has no shared memory for SQLite"))
    }
    try openLog(writer)
    // Nor is anything written before it is known that nobody uses the file with other files.
    let (found, files) = try claimed(claim)
    try writer.leaveLogAtClose()
    try writer.execute(
      """
      PRAGMA synchronous = FULL;
      PRAGMA secure_delete = ON;
      PRAGMA journal_size_limit = 67108864;
      """)
    // A file of this version is not written.
    if identity != .ours(version: DatabaseSchema.version) { try DatabaseSchema.migrate(writer) }
    writer.watchLog()
    return (writer, found, files)
  }

  private func reader() throws(SQLiteError) -> Database {
    let reader = try Database(file.canonicalPath, .readOnly)
    try reader.leaveLogAtClose()
    try common(reader)
    try openLog(reader)
    return reader
  }

  private func common(_ database: Database) throws(SQLiteError) {
    // Checkpoints run in the turnstile; cells are checked before a damaged page can mislead; a file from
    // elsewhere can't run code; sorting needs no other file.
    try database.execute(
      """
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA cell_size_check = ON;
      PRAGMA trusted_schema = OFF;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -4000;
      """)
  }

  /// Makes SQLite open its log and index, which it does at the first read.
  private func openLog(_ database: Database) throws(SQLiteError) {
    _ = try database.integer("PRAGMA user_version")
  }

  /// Claims the files as SQLite opened them: all processes that use one of them must use all of them.
  private func claimed(_ claim: FileClaim) throws -> (Found, StoreFiles) {
    let found = try Found(file, claim, turnstile)
    guard let files = found.files else { throw SQLiteOpenError(file.path, .changed) }
    // Others may have created the files since they were looked for: the ones that were opened count.
    for (claim, path) in zip(found.claims.dropFirst(), [file.walPath, file.shmPath]) {
      try file.checkTrust(of: claim.file, path)
    }
    for lock in found.locks where try !lock.claim(files.all) {
      throw SQLiteOpenError(file.path, .usedOtherwise)
    }
    return (found, files)
  }
}

/// The files of a store as they were found, each open for a claim.
private struct Found {
  let claims: [FileClaim]
  let locks: [RecordLock]
  /// The files; nil if one is missing.
  let files: StoreFiles?

  init(_ file: DatabaseFile, _ database: FileClaim, _ turnstile: Turnstile) throws {
    let log = try Self.open(file.walPath)
    let index = try Self.open(file.shmPath)
    let lock = turnstile.status
    claims = [database] + [log, index].compactMap(\.self)
    locks = claims.map(\.lock) + [turnstile.lock]
    // The claim is on the file that was opened; whether it still has its name is checked later.
    guard let log, let index, let lock else {
      files = nil
      return
    }
    func known(_ path: FilePath, _ claim: FileClaim) -> StoreFiles.Known {
      StoreFiles.Known(path: path, identity: claim.file.identity, descriptor: claim.descriptor)
    }
    files = StoreFiles(
      file, database: known(file.canonicalPath, database), log: known(file.walPath, log),
      index: known(file.shmPath, index),
      lock: StoreFiles.Known(
        path: file.lockPath, identity: lock.identity, descriptor: turnstile.lock.descriptor))
  }

  /// Opens a file for a claim; nil if there is no such file.
  private static func open(_ path: FilePath) throws -> FileClaim? {
    do {
      return try FileClaim(path)
    } catch {
      guard error.code == ENOENT else { throw error }
      return nil
    }
  }
}

extension SQLiteOpenError {
  /// Whether this program can never use the file.
  fileprivate var isRefusal: Bool {
    switch reason {
    case .notADatabase, .otherProgram, .newerVersion, .olderVersion, .damaged, .notWritable, .foreignOwner,
      .exposed, .severalNames, .mountedAlone, .usedOtherwise, .strayLog:
      true
    case .missingFolder, .danglingLink, .notAFile, .changed, .busy, .failed: false
    }
  }

  /// The error for a failure of SQLite.
  init(_ path: FilePath, _ failure: SQLiteError) {
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

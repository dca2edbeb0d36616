import CSQLite

/// A connection to an SQLite file, as SQLite has it.
///
/// `@unchecked Sendable`: it is handed from the thread that opened it to the one that uses it, and never used
/// by two. SQLite is opened for such use, without a mutex.
final class Database: @unchecked Sendable {
  /// Nil once it is closed.
  private(set) var handle: OpaquePointer?
  /// How many pages the write-ahead log held after this connection's last commit. At an address of its own:
  /// SQLite writes it.
  private let logPages: UnsafeMutablePointer<Int32>

  enum Access {
    case readOnly
    case readWrite
    /// A database of its own, without a file.
    case inMemory
  }

  /// Opens a file that exists. SQLite reads nothing before the first statement, and waits for nobody.
  init(_ path: FilePath, _ access: Access) throws(Failure) {
    logPages = .allocate(capacity: 1)
    logPages.initialize(to: 0)
    let flags =
      switch access {
      case .readOnly: SQLITE_OPEN_READONLY | SQLITE_OPEN_NOFOLLOW
      case .readWrite: SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW
      case .inMemory: SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY
      }
    let code = path.withCString {
      sqlite3_open_v2($0, &handle, flags | SQLITE_OPEN_NOMUTEX, nil)
    }
    sqlite3_extended_result_codes(handle, 1)
    guard code == SQLITE_OK else {
      let failure = failure(handle == nil ? code : sqlite3_extended_errcode(handle))
      abandon()
      throw failure
    }
  }

  /// An empty database in memory.
  static func inMemory() throws(Failure) -> Database { try Database(FilePath(":memory:"), .inMemory) }

  /// From now on closing leaves the write-ahead log beside the database as it is; otherwise the last
  /// connection that is closed moves it into the database, and removes it, at whatever moment that is.
  func leaveLogAtClose() throws(Failure) {
    let code = tidings_sqlite3_no_checkpoint_on_close(handle)
    guard code == SQLITE_OK else { throw failure(code) }
  }

  deinit {
    abandon()
    logPages.deallocate()
  }

  /// Lets go of what opening left, or of a connection that nobody closed.
  private func abandon() {
    sqlite3_close_v2(handle)
    handle = nil
  }

  /// Closes the connection, whose statements must be gone.
  func close() -> Failure? {
    let code = sqlite3_close(handle)
    guard code == SQLITE_OK else { return failure(code) }
    handle = nil
    return nil
  }

  /// The failure that a code of this connection tells of, with what the system said: `errno`, or if that is 0 what
  /// SQLite keeps of it.
  func failure(_ code: Int32, errno: Int32 = 0) -> Failure {
    let failure = Failure(code)
    guard handle != nil, failure.primary == SQLITE_IOERR || failure.primary == SQLITE_CANTOPEN else {
      return failure
    }
    return Failure(code, errno: errno != 0 ? errno : sqlite3_system_errno(handle))
  }

  /// Whether the file could only be opened for reading.
  var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") != 0 }

  /// Whether a transaction is open; SQLite closes it itself after some failures.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }
}

// The write-ahead log.
extension Database {
  /// Has SQLite tell how long the log is, from now on.
  func watchLog() {
    // The address outlives the connection, whose thread alone runs what is called.
    sqlite3_wal_hook(
      handle,
      { logPages, _, _, pages in
        logPages?.assumingMemoryBound(to: Int32.self).pointee = pages
        return SQLITE_OK
      }, logPages)
  }

  /// How many pages the log held after this connection's last commit.
  var pagesInLog: Int { Int(logPages.pointee) }

  /// How much of the log is moved into the database.
  enum Checkpoint {
    /// As far as no reader needs it.
    case some
    /// All of it, and the log is emptied.
    case all
  }

  /// Moves the log into the database; true if that was done. Only with a turn: before 3.51.3, SQLite can
  /// corrupt the log when two processes do this at once. Waits so long for readers, as only `all` needs.
  func checkpoint(_ extent: Checkpoint, waiting milliseconds: Int32 = 0) -> Bool {
    sqlite3_busy_timeout(handle, milliseconds)
    defer { sqlite3_busy_timeout(handle, 0) }
    let mode = extent == .some ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE
    // What fails loses nothing: the log is whole, and the next one goes on.
    return sqlite3_wal_checkpoint_v2(handle, nil, mode, nil, nil) == SQLITE_OK
  }
}

// Statements that run once: for opening and for the doctor. What runs often is a `PreparedStatement`.
extension Database {
  /// Runs statements whose rows nobody wants.
  func execute(_ sql: String) throws(Failure) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw failure(code) }
  }

  /// Every row of a statement.
  func rows<Row>(_ sql: String, _ row: (PreparedStatement) -> Row) throws(Failure) -> [Row] {
    let statement = try PreparedStatement(sql, self)
    var rows: [Row] = []
    while true {
      switch statement.stepCode() {
      case SQLITE_ROW: rows.append(row(statement))
      case SQLITE_DONE: return rows
      case let code: throw failure(code)
      }
    }
  }

  /// The first column of the first row; 0 without a row.
  func integer(_ sql: String) throws(Failure) -> Int {
    try rows(sql) { $0.anyInteger(0) }.first ?? 0
  }

  /// The first column of the first row; empty without a row.
  func text(_ sql: String) throws(Failure) -> String {
    try rows(sql) { $0.anyText(0) }.first ?? ""
  }

  /// Runs `body` in a transaction that writes; what it throws undoes all of it.
  func transaction<Value>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
    try execute("BEGIN IMMEDIATE")
    do throws(Failure) {
      let value = try body()
      try execute("COMMIT")
      return value
    } catch {
      // SQLite may have closed it already; the first failure is the one to tell.
      if isInTransaction { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
      throw error
    }
  }
}

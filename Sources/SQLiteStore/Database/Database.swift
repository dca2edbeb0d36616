import CSQLite

/// A connection to an SQLite file, as a thin wrapper of SQLite's own.
///
/// `@unchecked Sendable`: it is handed from the thread that opened it to the one that uses it, and never used
/// by two at once. SQLite is opened for such use, without a mutex.
final class Database: @unchecked Sendable {
  /// SQLite's handle; nil once the connection is closed.
  private(set) var handle: OpaquePointer?
  /// The number of pages in the write-ahead log after this connection's last commit. It has an address of its
  /// own, since SQLite's callback writes it.
  private let logPages: UnsafeMutablePointer<Int32>

  enum Access {
    case readOnly
    case readWrite
    /// A separate database without a file.
    case inMemory
  }

  /// Opens an existing file. SQLite reads nothing before the first statement, and waits for no other process.
  init(_ path: FilePath, _ access: Access) throws(SQLiteError) {
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

  /// Creates an empty database in memory.
  static func inMemory() throws(SQLiteError) -> Database { try Database(FilePath(":memory:"), .inMemory) }

  /// Makes closing leave the write-ahead log beside the database. Otherwise the connection that is closed
  /// last, whenever that is, moves the log into the database and removes it.
  func leaveLogAtClose() throws(SQLiteError) {
    let code = tidings_sqlite3_no_checkpoint_on_close(handle)
    guard code == SQLITE_OK else { throw failure(code) }
  }

  deinit {
    abandon()
    logPages.deallocate()
  }

  /// Releases what a failed opening left, or a connection that nobody closed.
  private func abandon() {
    sqlite3_close_v2(handle)
    handle = nil
  }

  /// Closes the connection; its statements must be finalized before.
  func close() -> SQLiteError? {
    let code = sqlite3_close(handle)
    guard code == SQLITE_OK else { return failure(code) }
    handle = nil
    return nil
  }

  /// The failure that a code of this connection tells of, with what the system said: `errno`, or if that is 0 what
  /// SQLite keeps of it.
  func failure(_ code: Int32, errno: Int32 = 0) -> SQLiteError {
    let failure = SQLiteError(code)
    guard handle != nil, failure.primary == SQLITE_IOERR || failure.primary == SQLITE_CANTOPEN else {
      return failure
    }
    return SQLiteError(code, errno: errno != 0 ? errno : sqlite3_system_errno(handle))
  }

  /// SQLite's count of the changes that this connection has seen, by whomever; costs no statement.
  var changes: UInt32 {
    var changes: UInt32 = 0
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_DATA_VERSION, &changes)
    return changes
  }

  /// Whether the file could be opened only for reading.
  var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") != 0 }

  /// Whether a transaction is open; SQLite closes it itself after some failures.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }
}

// The write-ahead log.
extension Database {
  /// Makes SQLite report the length of the log after each commit.
  func watchLog() {
    // The address outlives the connection, and the callback runs only on the connection's thread.
    sqlite3_wal_hook(
      handle,
      { logPages, _, _, pages in
        logPages?.assumingMemoryBound(to: Int32.self).pointee = pages
        return SQLITE_OK
      }, logPages)
  }

  /// The number of pages in the log after this connection's last commit.
  var pagesInLog: Int { Int(logPages.pointee) }

  /// The extent of a checkpoint: how much of the log is moved into the database.
  enum Checkpoint {
    /// The part that no reader needs.
    case some
    /// All of it; then the log is emptied.
    case all
  }

  /// Moves the log into the database; returns whether that was done. Only to be called with a turn: before
  /// 3.51.3, SQLite can corrupt the log when two processes do this at once. Waits up to this many
  /// milliseconds for readers, which only `all` needs.
  func checkpoint(_ extent: Checkpoint, waiting milliseconds: Int32 = 0) -> Bool {
    sqlite3_busy_timeout(handle, milliseconds)
    defer { sqlite3_busy_timeout(handle, 0) }
    let mode = extent == .some ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE
    // A failure loses nothing: the log is whole, and the next checkpoint continues.
    return sqlite3_wal_checkpoint_v2(handle, nil, mode, nil, nil) == SQLITE_OK
  }
}

// Statements that run once, for opening and for the doctor. Statements that run often are
// `PreparedStatement`s.
extension Database {
  /// Runs statements and ignores their rows.
  func execute(_ sql: String) throws(SQLiteError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw failure(code) }
  }

  /// Every row of a statement.
  func rows<Row>(_ sql: String, _ row: (PreparedStatement) -> Row) throws(SQLiteError) -> [Row] {
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

  /// The first column of the first row; 0 if there is no row.
  func integer(_ sql: String) throws(SQLiteError) -> Int {
    try rows(sql) { $0.anyInteger(0) }.first ?? 0
  }

  /// The first column of the first row; empty if there is no row.
  func text(_ sql: String) throws(SQLiteError) -> String {
    try rows(sql) { $0.anyText(0) }.first ?? ""
  }

  /// Runs `body` in a write transaction; an error of `body` rolls all of it back.
  func transaction<Value>(_ body: () throws(SQLiteError) -> Value) throws(SQLiteError) -> Value {
    try execute("BEGIN IMMEDIATE")
    do throws(SQLiteError) {
      let value = try body()
      try execute("COMMIT")
      return value
    } catch {
      // SQLite may have closed the transaction already; the first failure is the one to report.
      if isInTransaction { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
      throw error
    }
  }
}

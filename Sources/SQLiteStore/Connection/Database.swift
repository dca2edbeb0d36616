import CSQLite

/// A connection to an SQLite file, as SQLite has it.
///
/// `@unchecked Sendable`: it is handed from the thread that opened it to the one that uses it, and never used
/// by two. SQLite is opened for such use, without a mutex.
final class Database: @unchecked Sendable {
  /// Nil once it is closed.
  private(set) var handle: OpaquePointer?

  enum Access {
    case readOnly
    case readWrite
    /// A database of its own, without a file.
    case inMemory
  }

  /// Opens a file that exists. SQLite reads nothing before the first statement, and waits for nobody.
  init(_ path: FilePath, _ access: Access) throws(Failure) {
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

  /// From now on closing leaves the write-ahead log beside the database as it is; otherwise the last connection
  /// that is closed moves it into the database, and removes it, at whatever moment that is.
  func leaveLogAtClose() throws(Failure) {
    let code = tidings_sqlite3_no_checkpoint_on_close(handle)
    guard code == SQLITE_OK else { throw failure(code) }
  }

  deinit { abandon() }

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

  /// The failure that a code of this connection tells of, with what the system said.
  func failure(_ code: Int32) -> Failure {
    let failure = Failure(code)
    guard handle != nil, failure.primary == SQLITE_IOERR || failure.primary == SQLITE_CANTOPEN else {
      return failure
    }
    return Failure(code, errno: sqlite3_system_errno(handle))
  }

  /// Whether the file could only be opened for reading.
  var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") != 0 }

  /// Whether a transaction is open; SQLite closes it itself after some failures.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }
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

import GRDBSQLite
import Inbox

/// What SQLite's result codes mean to a caller. The texts are ours: SQLite's own may quote what is stored.
enum Failure {
  /// The primary code of an extended one.
  static func primary(_ code: Int32) -> Int32 { code & 0xFF }

  /// Whether another connection was in the way, so that the same call may succeed a little later.
  static func isBusy(_ code: Int32) -> Bool {
    primary(code) == SQLITE_BUSY || primary(code) == SQLITE_LOCKED
  }

  /// The error for a statement that failed; nothing of its transaction was kept.
  static func error(_ code: Int32) -> StoreError {
    switch primary(code) {
    case SQLITE_FULL:
      .unavailable("the disk that holds the database is full: free some space")
    case SQLITE_IOERR:
      .unavailable("the database could not be read or written (\(name(code))): check the disk")
    case SQLITE_BUSY, SQLITE_LOCKED:
      .unavailable("another process keeps the database locked")
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH, SQLITE_CANTOPEN:
      .unavailable(
        "the database or its folder can't be opened for writing (\(name(code))): check the permissions")
    case SQLITE_NOMEM:
      .unavailable("out of memory")
    case SQLITE_TOOBIG:
      .limitReached("a record of more than SQLite takes")
    case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CONSTRAINT, SQLITE_ERROR, SQLITE_SCHEMA, SQLITE_MISMATCH:
      // A constraint or a missing table: what we never write.
      .damaged("the database is damaged (\(name(code))): restore it from a backup")
    default:
      .unavailable("the database failed (\(name(code)))")
    }
  }

  /// The error for a COMMIT that failed. Bytes that could not be written are no commit; after any other
  /// failure a complete commit may lie in the file and come alive when it is opened next.
  static func commitError(_ code: Int32) -> StoreError {
    switch (primary(code), code) {
    case (SQLITE_FULL, _), (SQLITE_BUSY, _), (SQLITE_LOCKED, _), (SQLITE_READONLY, _), (SQLITE_CORRUPT, _),
      (_, ioErrorWrite):
      error(code)
    default:
      .outcomeUnknown("the database could not be written to the disk (\(name(code))): check the disk")
    }
  }

  /// SQLITE_IOERR_WRITE, a macro that Swift doesn't see.
  private static let ioErrorWrite = SQLITE_IOERR | (3 << 8)

  static func name(_ code: Int32) -> String {
    "SQLite says: \(String(cString: sqlite3_errstr(code))), code \(code)"
  }
}

extension StoreError {
  /// Bytes in the file are none that Tidings writes.
  static func damaged(_ record: String, _ reason: any Error) -> StoreError {
    .damaged("\(record) can't be read: \(reason)")
  }

  /// A column holds a value that Tidings doesn't write there.
  static let damagedColumn = StoreError.damaged("a row of the database holds a value of the wrong kind")

  static let closed = StoreError.unavailable("the store is closed")
}

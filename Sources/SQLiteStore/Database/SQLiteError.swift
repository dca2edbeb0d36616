import CSQLite
import Inbox

/// A failed call of SQLite, and its meaning to a caller. The messages are our own: SQLite's may quote stored
/// contents.
struct SQLiteError: Error, Hashable {
  /// SQLite's extended result code.
  let code: Int32
  /// The system's error number; 0 if it was not asked for, or is not the cause.
  let errno: Int32

  init(_ code: Int32, errno: Int32 = 0) {
    self.code = code
    self.errno = errno
  }

  /// The primary result code.
  var primary: Int32 { code & 0xFF }

  /// Whether another connection was in the way, so that the same call may succeed a little later.
  var isBusy: Bool { primary == SQLITE_BUSY || primary == SQLITE_LOCKED }

  /// The shortage that keeps the system from writing or opening, as the end of a sentence with the remedy;
  /// nil for other causes.
  var shortage: String? {
    if primary == SQLITE_FULL { return Shortage.disk }
    return primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN ? Shortage.text(errno) : nil
  }

  /// The error for a statement that failed; its transaction was rolled back.
  var error: StoreError {
    if let shortage { return .unavailable(shortage) }
    switch primary {
    case SQLITE_IOERR:
      return .unavailable("the database could not be read or written (\(name)): check the disk")
    case SQLITE_BUSY, SQLITE_LOCKED:
      return .unavailable("another process keeps the database locked")
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH, SQLITE_CANTOPEN:
      return .unavailable(
        "the database or its folder can't be opened for writing (\(name)): check the permissions")
    case SQLITE_NOMEM:
      return .unavailable("out of memory")
    case SQLITE_TOOBIG:
      return .limitReached("a record of more than SQLite takes")
    case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CONSTRAINT, SQLITE_ERROR, SQLITE_SCHEMA, SQLITE_MISMATCH:
      // A violated constraint or a missing table: Tidings never writes such a file.
      return .damaged("the database is damaged (\(name)): restore it from a backup")
    default:
      return .unavailable("the database failed (\(name))")
    }
  }

  /// The error for a COMMIT that failed. If the bytes could not be written, nothing is committed; after any
  /// other failure a complete commit may be in the file and take effect when the file is opened next.
  var commitError: StoreError {
    switch primary {
    case SQLITE_FULL, SQLITE_BUSY, SQLITE_LOCKED, SQLITE_READONLY, SQLITE_CORRUPT: return error
    case _ where code == Self.ioErrorWrite: return error
    default:
      if let shortage { return .outcomeUnknown(shortage) }
      return .outcomeUnknown("the database could not be written to the disk (\(name)): check the disk")
    }
  }

  /// Whether a file could not be written, for want of room in most cases.
  var isOfWriting: Bool { primary == SQLITE_FULL || code == Self.ioErrorWrite }

  /// SQLITE_IOERR_WRITE, a macro that Swift doesn't see.
  private static let ioErrorWrite = SQLITE_IOERR | (3 << 8)

  /// SQLite's own name for the result code.
  var name: String {
    "SQLite says: \(String(cString: sqlite3_errstr(code))), code \(code)"
  }
}

extension StoreError {
  /// The error for a value of a column that Tidings doesn't write there.
  static let damagedColumn = StoreError.damaged("a row of the database holds a value of the wrong kind")

  static let closed = StoreError.unavailable("the store is closed")
}

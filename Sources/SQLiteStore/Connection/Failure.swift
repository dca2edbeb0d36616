import CSQLite
import Inbox

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A call of SQLite's that failed, and what it means to a caller. The texts are ours: SQLite's own may quote
/// what is stored.
struct Failure: Error, Hashable {
  /// SQLite's extended result code.
  let code: Int32
  /// What the system said; 0 if it was not asked, or is not to blame.
  let errno: Int32

  init(_ code: Int32, errno: Int32 = 0) {
    self.code = code
    self.errno = errno
  }

  /// The primary code of the extended one.
  var primary: Int32 { code & 0xFF }

  /// Whether another connection was in the way, so that the same call may succeed a little later.
  var isBusy: Bool { primary == SQLITE_BUSY || primary == SQLITE_LOCKED }

  /// What keeps the system from writing or opening, as the end of a sentence with what to do; nil if it is
  /// something else.
  var shortage: String? {
    if primary == SQLITE_FULL { return Shortage.disk }
    return primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN ? Shortage.text(errno) : nil
  }

  /// The error for a statement that failed; nothing of its transaction was kept.
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
      // A constraint or a missing table: what we never write.
      return .damaged("the database is damaged (\(name)): restore it from a backup")
    default:
      return .unavailable("the database failed (\(name))")
    }
  }

  /// The error for a COMMIT that failed. Bytes that could not be written are no commit; after any other
  /// failure a complete commit may lie in the file and come alive when it is opened next.
  var commitError: StoreError {
    switch primary {
    case SQLITE_FULL, SQLITE_BUSY, SQLITE_LOCKED, SQLITE_READONLY, SQLITE_CORRUPT: return error
    case _ where code == Self.ioErrorWrite: return error
    default:
      if let shortage { return .outcomeUnknown(shortage) }
      return .outcomeUnknown("the database could not be written to the disk (\(name)): check the disk")
    }
  }

  /// SQLITE_IOERR_WRITE, a macro that Swift doesn't see.
  private static let ioErrorWrite = SQLITE_IOERR | (3 << 8)

  /// SQLite's own name for it.
  var name: String {
    "SQLite says: \(String(cString: sqlite3_errstr(code))), code \(code)"
  }
}

/// What a system may have run out of: sentences that say what to do.
enum Shortage {
  static let disk = "the disk that holds the database is full: free some space"

  /// The sentence for a number of the system's; nil for what is no shortage.
  static func text(_ code: Int32) -> String? {
    switch code {
    case ENOSPC: disk
    case EDQUOT: "the quota of disk space is used up: free some space"
    case EFBIG: "the limit on the size of files is reached: raise it (ulimit -f)"
    case EMFILE, ENFILE: "too many files are open: raise the limit (ulimit -n)"
    case ENOMEM: "out of memory"
    default: nil
    }
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

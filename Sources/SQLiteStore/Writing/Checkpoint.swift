import CSQLite

/// Moves what the write-ahead log holds into the database, once it has grown enough.
///
/// Runs only in the turnstile: before 3.51.3, SQLite can corrupt the log when two processes check it
/// in at once.
struct Checkpoint {
  /// About 4 MB.
  static let pagesBetween = 1000
  /// From how many pages on the log is also cut off, for which no reader may use it.
  private static let pagesKept = 16 * pagesBetween

  /// How many pages this connection had written to the log when it last checked it in.
  private var pagesBefore: Int
  private var pagesInLog = 0

  init(_ connection: Connection) {
    pagesBefore = Self.pagesWritten(connection)
  }

  mutating func runIfDue(_ connection: Connection) {
    let pages = Self.pagesWritten(connection)
    guard pages - pagesBefore >= Self.pagesBetween || pages < pagesBefore else { return }
    pagesBefore = pages
    var inLog: Int32 = 0
    let mode = pagesInLog > Self.pagesKept ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
    // A checkpoint that fails loses nothing: the log is whole, and the next one goes on.
    _ = sqlite3_wal_checkpoint_v2(connection.database.handle, nil, mode, &inLog, nil)
    pagesInLog = Int(inLog)
  }

  /// Moves all of the log into the database and empties it, as far as no reader needs it.
  static func fold(_ connection: Connection) {
    // A checkpoint that fails loses nothing: the log is read when the file is opened next.
    _ = sqlite3_wal_checkpoint_v2(
      connection.database.handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
  }

  /// How many pages the connection has written since it was opened.
  private static func pagesWritten(_ connection: Connection) -> Int {
    var (current, highest) = (Int32(0), Int32(0))
    sqlite3_db_status(
      connection.database.handle, SQLITE_DBSTATUS_CACHE_WRITE, &current, &highest, 0)
    return Int(current)
  }
}

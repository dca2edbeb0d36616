import CSQLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A connection to a file through SQLite itself, as another program has it.
final class TestDatabase {
  private var handle: OpaquePointer?

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Opens a file. One that does not exist is created for its owner alone.
  init(_ path: String) throws {
    // An existing file is not opened here: closing it would drop the locks that a store in this process has
    // on it.
    let made = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
    if made >= 0 { close(made) }
    try check(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil))
  }

  deinit { sqlite3_close_v2(handle) }

  func execute(_ sql: String) throws { try check(sqlite3_exec(handle, sql, nil, nil, nil)) }

  /// Writes the contents of one file over another's, in one transaction, as `.restore` of SQLite's shell does.
  static func restore(_ path: String, from copy: String) throws {
    let (to, from) = (try TestDatabase(path), try TestDatabase(copy))
    let backup = sqlite3_backup_init(to.handle, "main", from.handle, "main")
    // The result repeats that of the step, or says why there was none.
    _ = sqlite3_backup_step(backup, -1)
    try to.check(sqlite3_backup_finish(backup))
  }

  private func check(_ code: Int32) throws {
    guard code == SQLITE_OK else { throw Failure(description: String(cString: sqlite3_errmsg(handle))) }
  }

  /// Runs statements on a file, and closes it.
  static func execute(_ path: String, _ sql: String) throws { try TestDatabase(path).execute(sql) }
}

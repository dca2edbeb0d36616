import CSQLite

/// SQLite's own view of a file, as another program has it.
final class TestDatabase {
  private var handle: OpaquePointer?

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  init(_ path: String) throws {
    try check(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil))
  }

  deinit { sqlite3_close_v2(handle) }

  func execute(_ sql: String) throws { try check(sqlite3_exec(handle, sql, nil, nil, nil)) }

  private func check(_ code: Int32) throws {
    guard code == SQLITE_OK else { throw Failure(description: String(cString: sqlite3_errmsg(handle))) }
  }

  /// Runs statements on a file, and lets go of it.
  static func execute(_ path: String, _ sql: String) throws { try TestDatabase(path).execute(sql) }
}

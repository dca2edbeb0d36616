import CSQLite
import Inbox

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension Connection {
  /// Opens a view of the database that does not change until `commit`.
  func beginRead(_ backoff: inout Backoff) throws(StoreError) {
    try begin(.begin, &backoff)
  }

  /// Opens a transaction that no other one can write beside.
  func beginImmediate(_ backoff: inout Backoff) throws(StoreError) {
    try begin(.beginImmediate, &backoff)
  }

  /// Another program may hold the database, and opening or closing connections hold it for a moment.
  private func begin(_ sql: SQL, _ backoff: inout Backoff) throws(StoreError) {
    while true {
      var code = try code(of: sql)
      if code == SQLITE_DONE {
        // A deferred transaction opens its view with the first read; this one is as cheap as any.
        let version = try with(.userVersion) { statement throws(StoreError) -> Int64? in
          code = statement.stepCode()
          return code == SQLITE_ROW ? try statement.integer(0) : nil
        }
        if let version {
          if version == Schema.version { return }
          rollback()
          throw .unavailable("the database was changed by another version of Tidings: restart this one")
        }
        rollback()
      }
      let failure = database.failure(code)
      guard failure.isBusy, backoff.pause() else { throw failure.error }
    }
  }

  /// Makes the transaction last; returns why it could not be confirmed.
  func commit() -> StoreError? {
    do {
      // SQLite doesn't keep what the system said to a COMMIT that failed.
      let (code, said) = try with(.commit) { statement in
        errno = 0
        return (statement.stepCode(), errno)
      }
      if code == SQLITE_DONE { return nil }
      let failure = database.failure(code, errno: said)
      rollback()
      return failure.commitError
    } catch {
      rollback()
      return error
    }
  }

  /// Undoes the transaction.
  func rollback() {
    forgetLogs()
    guard isInTransaction else { return }
    // Whatever it reports, SQLite has closed the transaction then.
    do { _ = try code(of: .rollback) } catch { forgetLogs() }
  }
}

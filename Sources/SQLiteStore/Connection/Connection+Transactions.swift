import CSQLite
import Inbox
import LibC
import Runtime

extension Connection {
  /// Begins a read transaction: a view of the database that does not change until `commit`.
  func beginRead(_ backoff: inout Backoff) throws(StoreError) {
    try begin(.begin, &backoff)
  }

  /// Begins a write transaction, beside which no other one can write.
  func beginImmediate(_ backoff: inout Backoff) throws(StoreError) {
    try begin(.beginImmediate, &backoff)
  }

  /// Begins a transaction; tries again while another program holds the database, as connections do for a
  /// moment when they open or close.
  private func begin(_ sql: SQL, _ backoff: inout Backoff) throws(StoreError) {
    while true {
      var code = try code(of: sql)
      if code == SQLITE_DONE {
        if sql == .beginImmediate, isAsLeft() { return }
        // A deferred transaction opens its view with the first read; this is one of the cheapest.
        let version = try withStatement(.userVersion) { statement throws(StoreError) -> Int64? in
          code = statement.stepCode()
          return code == SQLITE_ROW ? try statement.integer(0) : nil
        }
        if let version {
          if version == DatabaseSchema.version {
            do {
              return try lookAtPast()
            } catch {
              rollback()
              throw error
            }
          }
          rollback()
          throw .unavailable("the database was changed by another version of Tidings: restart this one")
        }
        rollback()
      }
      let failure = database.failure(code)
      guard failure.isBusy, backoff.pause() else { throw failure.error }
    }
  }

  /// Commits the transaction durably; returns the error if that could not be confirmed.
  func commit() -> StoreError? {
    do {
      // SQLite doesn't keep what the system said to a COMMIT that failed.
      let (code, said) = try withStatement(.commit) { statement in
        errno = 0
        return (statement.stepCode(), errno)
      }
      if code == SQLITE_DONE {
        noteChanges()
        if view == nil { leave() }
        return nil
      }
      let failure = database.failure(code, errno: said)
      rollback()
      return failure.commitError
    } catch {
      rollback()
      return error
    }
  }

  /// Rolls the transaction back.
  func rollback() {
    forgetLogs()
    guard isInTransaction else { return }
    // Whatever the statement reports, SQLite has closed the transaction afterwards.
    do { _ = try code(of: .rollback) } catch { forgetLogs() }
  }
}

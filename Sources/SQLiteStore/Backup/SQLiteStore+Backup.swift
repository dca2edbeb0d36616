import CSQLite
import Inbox
import LibC
import Runtime

extension SQLiteStore {
  /// What came of a copy.
  public struct Backup: Sendable {
    /// The size of the copy in bytes.
    public var size: Int
    /// What the check of the copy found. If it has faults, the copy was not kept.
    public var verdict: Verdict
  }

  /// Makes a copy of the store at a place where nothing is yet, also while others write: all of it is from one moment,
  /// after everything that was acknowledged before the call. `progress` gets the number of pages that were copied, and
  /// that of all.
  ///
  /// SQLite's online backup is used with a view held open. `VACUUM INTO` sorts everything anew, and takes several times
  /// as long; without the view, the backup would begin anew after each write of another process.
  public func backup(
    to path: FilePath, _ judge: MessageJudge, progress: (@Sendable (Int, Int) -> Void)? = nil
  ) async throws -> Backup {
    let partial = try await Self.onThread { try PartialFile(for: path) }
    do {
      try await Self.onThread { [file] in try Self.copy(file, to: partial, progress) }
      let verdict = try await Self.verify(partial, judge)
      let size = partial.size
      if verdict.faults.isEmpty {
        try await Self.onThread { try partial.finish() }
      } else {
        partial.remove()
      }
      return Backup(size: size, verdict: verdict)
    } catch {
      partial.remove()
      throw error
    }
  }

  /// Reads the copy as any store is read.
  private static func verify(_ partial: PartialFile, _ judge: MessageJudge) async throws -> Verdict {
    let copy = try await onThread {
      do {
        return try SQLiteStore(path: partial.path)
      } catch let error as SQLiteOpenError {
        throw BackupError.place("the copy can't be checked: \(error)")
      }
    }
    let result: Result<Verdict, any Error>
    do {
      result = .success(try await copy.verify(Verification(judge)))
    } catch {
      result = .failure(error)
    }
    try await copy.close()
    return try result.get()
  }

  /// The number of pages that are copied at once, between two reports.
  private static let pagesTogether: Int32 = 1024

  private static func copy(
    _ file: DatabaseFile, to partial: PartialFile, _ progress: (@Sendable (Int, Int) -> Void)?
  ) throws {
    do throws(SQLiteError) {
      let source = try Database(file.canonicalPath, .readOnly)
      try source.leaveLogAtClose()
      try openView(source)
      let copy = try Database(partial.path, .readWrite)
      // Nobody reads the file before it is whole, and it is flushed then.
      try copy.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
      guard let backup = sqlite3_backup_init(copy.handle, "main", source.handle, "main") else {
        throw copy.failure(sqlite3_extended_errcode(copy.handle))
      }
      var code = SQLITE_OK
      while code == SQLITE_OK {
        code = sqlite3_backup_step(backup, pagesTogether)
        let all = Int(sqlite3_backup_pagecount(backup))
        progress?(all - Int(sqlite3_backup_remaining(backup)), all)
      }
      // It repeats the failure of the last step.
      let finished = sqlite3_backup_finish(backup)
      guard code == SQLITE_DONE else { throw copy.failure(code) }
      guard finished == SQLITE_OK else { throw copy.failure(finished) }
      if let failure = copy.close() { throw failure }
      if let failure = source.close() { throw failure }
    } catch {
      // The store itself is only read.
      if error.isOfWriting { throw BackupError.system(partial.path, error.errno == 0 ? ENOSPC : error.errno) }
      throw error.error
    }
  }

  /// Opens a view, which the whole copy is of.
  private static func openView(_ source: Database) throws(SQLiteError) {
    var backoff = Backoff(.seconds(10), .local)
    while true {
      do throws(SQLiteError) {
        try source.execute("BEGIN")
        _ = try source.integer("PRAGMA user_version")
        return
      } catch {
        if source.isInTransaction { try source.execute("ROLLBACK") }
        guard error.isBusy, backoff.pause() else { throw error }
      }
    }
  }

  /// Runs what blocks on a thread of its own.
  private static func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let isStarted = SystemThread.start(named: "backup") { continuation.resume(with: Result { try body() }) }
      if !isStarted {
        continuation.resume(throwing: StoreError.unavailable("the system has no thread to give"))
      }
    }
  }
}

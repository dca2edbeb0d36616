import CSQLite
import Inbox

extension SQLiteStore {
  /// See `MessageStore.checkup`. Reads the whole file, which takes a few seconds for each gigabyte.
  public func checkup() async throws -> [Finding] { try await report().findings }

  /// Examines the database.
  func report() async throws -> SQLiteReport {
    var report = SQLiteReport(path: file.canonicalPath)
    let settings = try await write(size: 0) { connection in
      Decision(
        value: try connection.translating { () throws(SQLiteError) in try Settings(connection.database) })
    }
    report.schemaVersion = settings.schemaVersion
    report.journalMode = settings.journalMode
    report.isDurable = settings.synchronous >= 2
    report.sqliteVersion = String(cString: sqlite3_libversion())
    report.size = FileStatus(file.canonicalPath)?.size ?? 0
    report.walSize = FileStatus(file.walPath)?.size ?? 0
    report.free = file.freeBytes
    return try await readConnection { [report] connection in
      connection.begin()
      try connection.enter()
      return try connection.examined(report)
    }
  }

  /// The settings of the connection that writes.
  private struct Settings: Sendable {
    var schemaVersion: Int
    var journalMode: String
    /// The value of `PRAGMA synchronous`; 2 is FULL.
    var synchronous: Int

    init(_ database: Database) throws(SQLiteError) {
      schemaVersion = try database.integer("PRAGMA user_version")
      journalMode = try database.text("PRAGMA journal_mode")
      synchronous = try database.integer("PRAGMA synchronous")
    }
  }
}

extension Connection {
  /// Adds to the report what this connection finds in the file.
  fileprivate func examined(_ report: SQLiteReport) throws -> SQLiteReport {
    var report = report
    let schema = try translating { () throws(SQLiteError) in try DatabaseSchema.faults(of: database) }
    report.faults = schema + integrity()
    // The statements below can't run without their tables and indexes.
    guard schema.isEmpty else { return report }
    var examination = Examination(self)
    do {
      try examination.run()
    } catch {
      // The counts are those up to the error; if SQLite found a fault above, that explains it.
      if report.faults.isEmpty { report.faults.append(.file("\(error)")) }
    }
    report.counts = examination.counts
    report.faults += examination.faults
    report.plans = try translating { () throws(SQLiteError) in try plans() }
    return report
  }

  /// The faults that SQLite itself finds.
  private func integrity() -> [SQLiteReport.Fault] {
    do {
      let found = try database.rows("PRAGMA integrity_check(20)") { $0.anyText(0) }.filter { $0 != "ok" }
      // "row 7 missing from index x", "wrong # of entries in index x": if there are only such faults, the
      // tables are whole.
      let areIndexes = found.allSatisfy { $0.holds("index") && !$0.holds("Page") }
      return found.map { areIndexes ? .indexes($0) : .file($0) }
    } catch {
      return [.file(error.name)]
    }
  }

  private func plans() throws(SQLiteError) -> [SQLiteReport.Plan] {
    try SQL.allCases.filter(\.hasPlan).map { sql throws(SQLiteError) in
      let steps = try database.rows("EXPLAIN QUERY PLAN " + sql.text) { $0.anyText(3) }
      return SQLiteReport.Plan(statement: sql.text, steps: steps)
    }
  }

  /// Runs `body` and translates its failures as the store does.
  fileprivate func translating<Value>(_ body: () throws(SQLiteError) -> Value) throws(StoreError) -> Value {
    do {
      return try body()
    } catch {
      throw error.error
    }
  }
}

extension String {
  /// Whether the text contains these bytes. The standard library's own search would link regular expressions.
  fileprivate func holds(_ word: String) -> Bool {
    let (text, word) = (Array(utf8), Array(word.utf8))
    return text.indices.contains { text[$0...].starts(with: word) }
  }
}

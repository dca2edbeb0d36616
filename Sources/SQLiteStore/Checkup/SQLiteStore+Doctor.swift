import GRDB
import GRDBSQLite
import Inbox

extension SQLiteStore {
  /// Examines the database. Reads the whole file: a few seconds for each gigabyte.
  public func doctor() async throws -> SQLiteReport {
    var report = SQLiteReport(path: file.canonicalPath)
    let settings = try await write(size: 0) { connection in
      Decision(value: try connection.translating { try Settings(connection.database) })
    }
    report.schemaVersion = settings.schemaVersion
    report.journalMode = settings.journalMode
    report.isDurable = settings.synchronous >= 2
    report.sqliteVersion = String(cString: sqlite3_libversion())
    report.size = DatabaseFile.size(file.canonicalPath)
    report.walSize = DatabaseFile.size(file.walPath)
    return try await readConnection { [report] connection in try connection.examined(report) }
  }

  /// What holds on the connection that writes.
  private struct Settings: Sendable {
    var schemaVersion: Int
    var journalMode: String
    /// 2 is FULL.
    var synchronous: Int

    init(_ database: Database) throws {
      schemaVersion = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
      journalMode = try String.fetchOne(database, sql: "PRAGMA journal_mode") ?? ""
      synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? 0
    }
  }
}

extension Connection {
  /// The report with what this connection finds in the file.
  fileprivate func examined(_ report: SQLiteReport) throws -> SQLiteReport {
    var report = report
    let schema = try translating { try Schema.faults(of: database) }
    report.faults = schema + integrity()
    // Without their tables and indexes the statements below can't run.
    guard schema.isEmpty else { return report }
    var examination = Examination(self)
    do {
      try examination.run()
    } catch {
      // As far as it came; what SQLite found above says why.
      if report.faults.isEmpty { report.faults.append(.file("\(error)")) }
    }
    report.counts = examination.counts
    report.faults += examination.faults
    report.plans = try translating { try plans() }
    return report
  }

  /// What SQLite itself finds wrong.
  private func integrity() -> [SQLiteReport.Fault] {
    do {
      let found = try String.fetchAll(database, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
      // "row 7 missing from index x", "wrong # of entries in index x": with nothing else, the tables are whole.
      let areIndexes = found.allSatisfy { $0.contains("index") && !$0.contains("Page") }
      return found.map { areIndexes ? .indexes($0) : .file($0) }
    } catch let error as DatabaseError {
      return [.file(Failure.name(error.extendedResultCode.rawValue))]
    } catch {
      return [.file("\(error)")]
    }
  }

  private func plans() throws -> [SQLiteReport.Plan] {
    try SQL.allCases.filter(\.hasPlan).map { sql in
      // GRDB counts the statement's parameters and wants a value for each.
      let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql.text)
      statement.setUncheckedArguments(StatementArguments())
      let steps = try Row.fetchAll(statement).map { row -> String in row["detail"] }
      return SQLiteReport.Plan(statement: sql.text, steps: steps)
    }
  }

  /// Runs `body` and says its failures as the store does: GRDB's own texts quote statements.
  fileprivate func translating<Value>(_ body: () throws -> Value) throws(StoreError) -> Value {
    do {
      return try body()
    } catch let error as StoreError {
      throw error
    } catch let error as DatabaseError {
      throw Failure.error(error.extendedResultCode.rawValue)
    } catch {
      throw .damaged("\(error)")
    }
  }
}

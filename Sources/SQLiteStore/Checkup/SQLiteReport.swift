import GRDB
import GRDBSQLite
import Inbox

/// What an open store finds out about itself.
public struct SQLiteReport: Hashable, Sendable {
  /// The database's file, without symbolic links.
  public var path: String
  /// The schema's version in the file.
  public var schemaVersion: Int
  /// How changes are written: `wal`.
  public var journalMode: String
  /// Whether every commit is flushed to the disk before it is acknowledged.
  public var isDurable: Bool
  /// The version of the SQLite library.
  public var sqliteVersion: String
  /// The size of the database in bytes.
  public var size: Int
  /// The size of its write-ahead log in bytes.
  public var walSize: Int
  /// What SQLite's `quick_check` found wrong; empty for a sound file.
  public var damage: [String]
  /// How each statement finds its rows.
  public var plans: [Plan]

  /// How a statement finds its rows.
  public struct Plan: Hashable, Sendable {
    /// The statement.
    public var statement: String
    /// SQLite's plan, step by step.
    public var steps: [String]

    /// Whether it reads a whole table or index, or sorts.
    public var scans: Bool {
      steps.contains { $0.hasPrefix("SCAN") || $0.hasPrefix("USE TEMP B-TREE") }
    }
  }

  /// What somebody should do something about, a sentence each; empty if all is well.
  public var problems: [String] {
    var problems = damage.map { "the database is damaged, restore it from a backup: \($0)" }
    if !isDurable { problems.append("changes are not flushed to the disk before they are acknowledged") }
    for plan in plans where plan.scans {
      problems.append(
        "a statement reads a whole table (\(plan.steps.joined(separator: "; "))): \(plan.statement)")
    }
    return problems
  }
}

extension SQLiteStore {
  /// Examines the database. Reads the whole file: a second or so for each gigabyte.
  public func doctor() async throws -> SQLiteReport {
    let settings = try await write(size: 0) { connection in
      Decision(value: try Settings(connection.database))
    }
    let (damage, plans) = try await readConnection { connection in
      (try connection.damage(), try connection.plans())
    }
    return SQLiteReport(
      path: file.canonicalPath, schemaVersion: settings.schemaVersion, journalMode: settings.journalMode,
      isDurable: settings.synchronous >= 2, sqliteVersion: String(cString: sqlite3_libversion()),
      size: DatabaseFile.size(file.canonicalPath), walSize: DatabaseFile.size(file.walPath),
      damage: damage, plans: plans)
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
  fileprivate func damage() throws -> [String] {
    try String.fetchAll(database, sql: "PRAGMA quick_check(20)").filter { $0 != "ok" }
  }

  fileprivate func plans() throws -> [SQLiteReport.Plan] {
    try SQL.allCases.filter(\.hasPlan).map { sql in
      // GRDB counts the statement's parameters and wants a value for each.
      let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql.text)
      statement.setUncheckedArguments(StatementArguments())
      let steps = try Row.fetchAll(statement).map { row -> String in row["detail"] }
      return SQLiteReport.Plan(statement: sql.text, steps: steps)
    }
  }
}

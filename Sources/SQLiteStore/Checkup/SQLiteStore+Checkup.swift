import CSQLite
import Inbox

extension SQLiteStore {
  /// See `ExaminedStore.checkup`. Reads the whole file, which takes a few seconds for each gigabyte.
  public func checkup(_ judge: MessageJudge) async throws -> [Finding] { try await report(judge).findings }

  /// Examines the database.
  func report(_ judge: MessageJudge) async throws -> SQLiteReport {
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
    let faults = try await examine { try $0.structure() }
    let verification = Verification(judge, named: 1, steps: Self.stepsOfCheckup)
    var verdict = Verdict(named: verification.named)
    for fault in faults { if let found = fault.found { verdict.faults.add(found) } }
    if try await verifyContents(verification, besides: faults, &verdict) {
      try await recount(verification, &verdict)
    }
    report.counts = .init(logs: verdict.logs, messages: verdict.messages, marks: verdict.inboxes)
    report.faults = faults + verdict.contents(besides: faults)
    // Statements can't run without their tables and indexes.
    if !faults.contains(where: \.isOfSchema) {
      report.plans = try await examine { connection in
        try connection.translating { () throws(SQLiteError) in try connection.plans() }
      }
    }
    return report
  }

  /// The steps for counting one by one: a second or so.
  private static let stepsOfCheckup = 10_000_000

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

extension Verdict {
  /// The faults of the contents, as the report has them.
  fileprivate func contents(besides known: [SQLiteReport.Fault]) -> [SQLiteReport.Fault] {
    let isKnown = Set(known.compactMap { $0.found?.kind })
    return faults.kinds.filter { !isKnown.contains($0) }.compactMap { kind in
      guard let first = faults[kind].first, let count = faults.counts[kind] else { return nil }
      return switch kind {
      case .newer: .newer(kind.sentence, count: count, first: first.place.short)
      case .file: .file(first.place.short)
      default: .content(kind.sentence, count: count, first: first.place.short)
      }
    }
  }
}

extension Connection {
  /// The faults of the file, its tables and its indexes.
  func structure() throws(StoreError) -> [SQLiteReport.Fault] {
    try translating { () throws(SQLiteError) in try DatabaseSchema.faults(of: database) } + integrity()
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

  fileprivate func plans() throws(SQLiteError) -> [SQLiteReport.Plan] {
    try SQL.allCases.filter(\.hasPlan).map { sql throws(SQLiteError) in
      let steps = try database.rows("EXPLAIN QUERY PLAN " + sql.text) { $0.anyText(3) }
      return SQLiteReport.Plan(statement: sql.text, steps: steps)
    }
  }

  /// Runs statements that write.
  func execute(_ sql: String) throws(StoreError) {
    try translating { () throws(SQLiteError) in try database.execute(sql) }
  }

  /// Runs `body` and translates its failures as the store does.
  func translating<Value>(_ body: () throws(SQLiteError) -> Value) throws(StoreError) -> Value {
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

import Testing

@testable import SQLiteStore

/// The header of the write-ahead log's index.
struct LogHeaderTests {
  @Test func itChangesWithEachCommitAndWithNothingElse() throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let other = try TestDatabase(path)
    // Nobody but this test folds the log.
    try other.execute("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a)")
    let database = try Database(FilePath(path), .readOnly)
    _ = try database.integer("PRAGMA user_version")
    let source = try #require(LogHeader.Source(database))
    func header() throws -> LogHeader { try #require(source.now) }

    let before = try header()
    #expect(before.lastPage > 0)
    #expect(try database.integer("SELECT count(*) FROM t") == 0)
    try other.execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (1); ROLLBACK")
    #expect(try header() == before)

    try other.execute("INSERT INTO t VALUES (1)")
    let after = try header()
    #expect(after != before && after.commits == before.commits + 1)
    #expect(after.salt == before.salt && after.lastPage > before.lastPage)

    // A log that begins anew.
    try other.execute("PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO t VALUES (2)")
    let anew = try header()
    #expect(anew.commits == after.commits + 1 && anew.salt != after.salt)
    #expect(database.close() == nil)
  }
}

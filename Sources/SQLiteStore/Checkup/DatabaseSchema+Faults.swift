extension DatabaseSchema {
  /// The tables and indexes that differ from those that this version's migrations make.
  static func faults(of database: Database) throws(SQLiteError) -> [SQLiteReport.Fault] {
    let found = try objects(of: database)
    let sound = try Database.inMemory()
    for statements in [creation] + migrations { try sound.execute(statements) }
    let made = try objects(of: sound)
    return made.filter { found[$0.key] != $0.value }.sorted { $0.key < $1.key }.map { name, object in
      object.isTable ? .table(name) : .index(name, statement: object.statement)
    }
  }

  private struct Object: Equatable {
    var isTable: Bool
    var statement: String
  }

  /// Tables and indexes by name, without those that SQLite makes by itself: they come and go with their
  /// tables.
  private static func objects(of database: Database) throws(SQLiteError) -> [String: Object] {
    let rows = try database.rows("SELECT name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL") {
      ($0.anyText(0), Object(isTable: $0.anyText(1) == "table", statement: $0.anyText(2)))
    }
    return Dictionary(rows, uniquingKeysWith: { first, _ in first })
  }
}

extension DatabaseSchema {
  /// The tables and indexes that differ from those that this version's migrations make, and those that act on its tables
  /// and are not its own.
  static func faults(of database: Database) throws(SQLiteError) -> [SQLiteReport.Fault] {
    let found = try objects(of: database)
    let sound = try Database.inMemory()
    for statements in [creation] + migrations { try sound.execute(statements) }
    let made = try objects(of: sound)
    let tables = Set(made.values.filter { $0.kind == "table" }.map(\.table))
    let strangers = found.filter { name, object in
      made[name] == nil && tables.contains(object.table) && ["index", "trigger"].contains(object.kind)
    }
    return made.filter { found[$0.key] != $0.value }.sorted { $0.key < $1.key }.map { name, object in
      object.kind == "table" ? .table(name) : .index(name, statement: object.statement)
    } + strangers.sorted { $0.key < $1.key }.map { .stranger($0.key, kind: $0.value.kind) }
  }

  private struct Object: Equatable {
    var kind: String
    var table: String
    var statement: String
  }

  /// Tables, indexes and triggers by name, without those that SQLite makes by itself: they come and go with their
  /// tables.
  private static func objects(of database: Database) throws(SQLiteError) -> [String: Object] {
    let rows = try database.rows("SELECT name, type, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    {
      ($0.anyText(0), Object(kind: $0.anyText(1), table: $0.anyText(2), statement: $0.anyText(3)))
    }
    return Dictionary(rows, uniquingKeysWith: { first, _ in first })
  }

  /// The statements that mend a fault of the schema; none if nothing can.
  static func statements(mending fault: SQLiteReport.Fault) -> [String] {
    switch fault {
    case .index(let name, let statement):
      ["DROP INDEX IF EXISTS \(name)"] + (name == "message_key" ? [uniqueKeys] : []) + [statement]
    case .indexes: [uniqueKeys, "REINDEX"]
    case .stranger(let name, let kind): ["DROP \(kind == "trigger" ? "TRIGGER" : "INDEX") \(quoted(name))"]
    case .file, .table, .content, .newer: []
    }
  }

  private static func quoted(_ name: String) -> String {
    var quoted = "\""
    for character in name { quoted += character == "\"" ? "\"\"" : String(character) }
    return quoted + "\""
  }

  /// The positions of messages that have the key of an earlier one. No index is asked, since it may be at fault.
  static let twins =
    """
    SELECT position FROM message NOT INDEXED WHERE key IS NOT NULL AND position NOT IN (
      SELECT min(position) FROM message NOT INDEXED WHERE key IS NOT NULL
      GROUP BY position >> 32, key, coalesce(user_id, x''))
    """

  /// Leaves each key to the first message that has it.
  private static let uniqueKeys = "UPDATE message SET key = NULL, digest = NULL WHERE position IN (\(twins))"
}

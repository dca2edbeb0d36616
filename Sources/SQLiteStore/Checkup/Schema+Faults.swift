import GRDB

extension Schema {
  /// Which tables and indexes are not as this version's migrations make them.
  static func faults(of database: Database) throws -> [SQLiteReport.Fault] {
    let found = try objects(of: database)
    let made = try DatabaseQueue().inDatabase { database in
      for migration in migrations { try database.execute(sql: migration) }
      return try objects(of: database)
    }
    return made.filter { found[$0.key] != $0.value }.sorted { $0.key < $1.key }.map { name, object in
      object.isTable ? .table(name) : .index(name, statement: object.statement)
    }
  }

  private struct Object: Equatable {
    var isTable: Bool
    var statement: String
  }

  /// Tables and indexes by name; those that SQLite makes by itself come and go with their tables.
  private static func objects(of database: Database) throws -> [String: Object] {
    let rows = try Row.fetchAll(
      database, sql: "SELECT name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return Dictionary(
      rows.map { ($0["name"], Object(isTable: $0["type"] == "table", statement: $0["sql"])) },
      uniquingKeysWith: { first, _ in first })
  }
}

/// The schema of the file.
enum DatabaseSchema {
  /// The application id that identifies the file as ours: "Tdng".
  static let applicationID = 0x5464_6E67

  /// The version that this program writes and reads.
  static var version: Int { oldest + migrations.count }

  /// The oldest version that is migrated to this one. Earlier ones were never released.
  static let oldest = 4

  /// The migrations, each from one version to the next, beginning with the oldest. Never change one that was
  /// released.
  static let migrations: [String] = []

  /// Creates the oldest version in an empty file.
  static let creation =
    // Client text is stored as its UTF-8 bytes. A message's position is its log's id << 32 | its number, so
    // the messages of a log lie together, and a page is one range of the table. A message's token is random,
    // so that a log with another history, for instance that of a backup, can be distinguished from the one
    // that was followed; the stamps of marks and of logs' records serve the same purpose, and tell a reader that it
    // knows them already, as the token of its head does of a log. A key belongs to its sender; no sender's
    // name is empty, so the empty one stands for the host. The indexes
    // of names have the order of the listing: see `LogName`.
    """
    CREATE TABLE log (
      id INTEGER PRIMARY KEY,
      name BLOB NOT NULL UNIQUE,
      head INTEGER NOT NULL,
      time INTEGER NOT NULL,
      token INTEGER NOT NULL,
      stamp INTEGER NOT NULL,
      record BLOB
    );
    CREATE INDEX log_order ON log (length(name), name);
    CREATE TABLE message (
      position INTEGER PRIMARY KEY,
      time INTEGER NOT NULL,
      token INTEGER NOT NULL,
      user_id BLOB,
      username BLOB,
      team_name BLOB,
      receiver_id BLOB,
      message_type BLOB NOT NULL,
      content BLOB,
      data BLOB,
      key BLOB,
      digest BLOB
    );
    CREATE INDEX message_sender ON message (user_id) WHERE user_id IS NOT NULL;
    CREATE INDEX message_receiver ON message (receiver_id) WHERE receiver_id IS NOT NULL;
    CREATE INDEX message_type ON message (message_type);
    CREATE UNIQUE INDEX message_key ON message (position >> 32, key, coalesce(user_id, x''))
      WHERE key IS NOT NULL;
    CREATE TABLE marks (
      inbox BLOB PRIMARY KEY,
      version INTEGER NOT NULL,
      stamp INTEGER NOT NULL,
      body BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX marks_order ON marks (length(inbox), inbox);
    """

  /// The identity of a file.
  enum Identity: Hashable {
    case empty
    case ours(version: Int)
    case foreign
  }

  /// Reads the identity of a file; writes nothing.
  static func identity(of database: Database) throws(SQLiteError) -> Identity {
    let application = try database.integer("PRAGMA application_id")
    let version = try database.integer("PRAGMA user_version")
    if application == applicationID { return .ours(version: version) }
    let isEmpty = try database.rows("SELECT 1 FROM sqlite_schema LIMIT 1") { _ in }.isEmpty
    return application == 0 && version == 0 && isEmpty ? .empty : .foreign
  }

  /// Migrates a file of an older version, or an empty one, to this version in one transaction.
  static func migrate(_ database: Database) throws(SQLiteError) {
    try database.transaction { () throws(SQLiteError) in
      // The version is read again: another process may have migrated the file since.
      let version = try database.integer("PRAGMA user_version")
      guard version < Self.version else { return }
      if version < oldest { try database.execute(creation) }
      for migration in migrations.dropFirst(max(0, version - oldest)) { try database.execute(migration) }
      try database.execute("PRAGMA application_id = \(applicationID); PRAGMA user_version = \(Self.version)")
    }
  }
}

import Caches
import Inbox

/// One connection to the database, with its statements. Used only by the thread that made it.
final class Connection {
  let database: Database
  private var statements = [PreparedStatement?](repeating: nil, count: SQL.allCases.count)
  /// The ids of logs by name. An id never changes once it is committed.
  private var logIDs: [LogName: Int64] = [:]

  /// What the connection keeps, and how it knows that it is current; nil for the connection that writes.
  let view: FileView?
  /// The header of the write-ahead log's index; nil if SQLite has none.
  private let source: LogHeader.Source?
  /// The header with which this connection left the file after it wrote: while it is still the same, nobody else has
  /// committed anything.
  private var left: LogHeader?
  /// The header in the present write transaction, in which nobody else commits.
  private var found: LogHeader?
  /// Whether the present write transaction changes the file.
  var hasWritten = false
  /// The time for which a read waits for other processes.
  let patience: Duration

  /// The number of the file's past, as of the last transaction: SQLite's version of the schema. A program that
  /// puts another file's contents in place of this one's, as with the shell's `.restore`, raises it; nothing
  /// that is known of the logs is true then.
  private var schemaVersion = 0
  /// SQLite's count of changes at which the past was looked at.
  private var changesSeen: UInt32?

  /// The messages that readers sent; nil for the connection that writes, since what it reads may be
  /// rolled back.
  let sent: MatchIndex?

  /// The time until which the caller of the current read waits; nil if it does not say.
  private var deadline: ContinuousClock.Instant?
  /// The time of the current read or change, once it has asked.
  private var time: Timestamp?
  let clock: SteadyClock

  /// A connection that writes.
  init(writing database: Database, _ clock: SteadyClock) {
    self.database = database
    self.clock = clock
    (sent, view, patience) = (nil, nil, .zero)
    source = LogHeader.Source(database)
  }

  /// A connection that reads.
  init(reading database: Database, _ clock: SteadyClock, sent: MatchIndex, patience: Duration) {
    self.database = database
    self.clock = clock
    self.sent = sent
    self.patience = patience
    source = LogHeader.Source(database)
    view = FileView(source)
  }

  /// Must be called before each read and each change that may ask for the time.
  func begin(before deadline: ContinuousClock.Instant? = nil) {
    self.deadline = deadline
    time = nil
    view?.isRelied = false
    view?.hasMoved = false
  }

  /// Must be called at the beginning of each transaction, once its view is open.
  func lookAtPast() throws(StoreError) {
    guard database.changes != changesSeen else { return }
    let version = try withStatement(.schemaVersion) { statement throws(StoreError) in
      try statement.step() ? try statement.integer(0) : 0
    }
    if version != schemaVersion {
      forgetLogs()
      view?.kept.forget()
      schemaVersion = Int(version)
    }
    noteChanges()
  }

  /// See `schemaVersion`.
  var past: Int {
    view?.isRelied = true
    return schemaVersion
  }

  /// Whether the file is as this connection left it, so that nothing of it has to be looked at again. To be asked at
  /// the beginning of a write transaction.
  func isAsLeft() -> Bool {
    hasWritten = false
    found = source?.now
    return found != nil && found == left
  }

  /// Must be called after the commit of a write transaction.
  func leave() {
    left = source?.now
    // Somebody may have committed since.
    if let left, left.commits != found.map({ $0.commits &+ (hasWritten ? 1 : 0) }) { self.left = nil }
  }

  /// Must be called after a commit: what this connection itself writes changes no past.
  func noteChanges() { changesSeen = database.changes }

  var now: Timestamp {
    if let time { return time }
    let now = clock.now()
    time = now
    return now
  }

  /// Stops a read that nobody waits for any more. To be called before each part of a read that may be long.
  func checkDeadline() throws(StoreError) {
    if let deadline, deadline <= .now { throw .deadlinePassed }
  }

  /// Runs a statement in the view: `body` binds, steps and reads; then the statement is reset for the next run.
  func with<R>(_ sql: SQL, _ body: (PreparedStatement) throws(StoreError) -> R) throws(StoreError) -> R {
    try enter()
    return try withStatement(sql, body)
  }

  /// Runs a statement as ``with(_:_:)`` does, in whatever transaction there is.
  func withStatement<R>(
    _ sql: SQL, _ body: (PreparedStatement) throws(StoreError) -> R
  ) throws(StoreError) -> R {
    let statement = try prepared(sql)
    defer { statement.reset() }
    return try body(statement)
  }

  /// Runs a statement that returns no rows and has no parameters; returns its result code.
  func code(of sql: SQL) throws(StoreError) -> Int32 {
    try withStatement(sql) { $0.stepCode() }
  }

  private func prepared(_ sql: SQL) throws(StoreError) -> PreparedStatement {
    if let statement = statements[sql.rawValue] { return statement }
    let statement: PreparedStatement
    do {
      statement = try PreparedStatement(sql.text, database)
    } catch {
      throw error.error
    }
    statements[sql.rawValue] = statement
    return statement
  }

  /// Whether a transaction is open; SQLite closes it itself after some failures.
  var isInTransaction: Bool { database.isInTransaction }

  /// Closes the connection.
  func close() -> StoreError? {
    for index in statements.indices { statements[index] = nil }
    return database.close().map {
      .unavailable("a connection to the database could not be closed (\($0.name))")
    }
  }
}

// Knowledge of logs that is kept between two calls.
extension Connection {
  private static let logIDsKept = 4096

  func knownID(of name: LogName) -> Int64? { logIDs[name] }

  func remember(_ id: Int64, of name: LogName) {
    if logIDs.count >= Self.logIDsKept { logIDs.removeAll(keepingCapacity: true) }
    logIDs[name] = id
  }

  /// Forgets what was read, since it may include writes of a transaction that was rolled back.
  func forgetLogs() {
    logIDs.removeAll(keepingCapacity: true)
  }
}

import Caches
import Inbox

/// One connection to the database, with its statements. Used only by the thread that made it.
final class Connection {
  let database: Database
  private var statements = [PreparedStatement?](repeating: nil, count: SQL.allCases.count)
  /// The ids of logs by name. An id never changes once it is committed.
  private var logIDs: [LogName: Int64] = [:]

  /// The number of the file's past, as of the last transaction: SQLite's version of the schema. A program that
  /// puts another file's contents in place of this one's, as with the shell's `.restore`, raises it; nothing
  /// that is known of the logs is true then.
  private(set) var past = 0
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

  init(_ database: Database, _ clock: SteadyClock, sent: MatchIndex? = nil) {
    self.database = database
    self.clock = clock
    self.sent = sent
  }

  /// Must be called before each read and each change that may ask for the time.
  func begin(before deadline: ContinuousClock.Instant? = nil) {
    self.deadline = deadline
    time = nil
  }

  /// Must be called at the beginning of each transaction, once its view is open.
  func lookAtPast() throws(StoreError) {
    guard database.changes != changesSeen else { return }
    let version = try with(.schemaVersion) { statement throws(StoreError) in
      try statement.step() ? try statement.integer(0) : 0
    }
    if version != past {
      forgetLogs()
      past = Int(version)
    }
    noteChanges()
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

  /// Runs a statement: `body` binds, steps and reads; then the statement is reset for the next run.
  func with<R>(_ sql: SQL, _ body: (PreparedStatement) throws(StoreError) -> R) throws(StoreError) -> R {
    let statement = try prepared(sql)
    defer { statement.reset() }
    return try body(statement)
  }

  /// Runs a statement that returns no rows and has no parameters; returns its result code.
  func code(of sql: SQL) throws(StoreError) -> Int32 {
    try with(sql) { $0.stepCode() }
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

import Inbox

/// Folds the write-ahead log into the database when the plan says so.
struct Folding {
  private let database: Database
  private let turnstile: Turnstile
  private let files: StoreFiles
  private let logLimit: Int
  private var plan = FoldingPlan()
  private var hasWritten = false
  private var isStuck = false

  /// How long readers are waited for, who come and go within much less. In milliseconds.
  private static let patience: Int32 = 100

  init(_ database: Database, _ turnstile: Turnstile, _ files: StoreFiles, logLimit: Int) {
    self.database = database
    self.turnstile = turnstile
    self.files = files
    self.logLimit = logLimit
  }

  /// Before a change, with a turn: throws if the log has grown to its limit and can't be emptied.
  mutating func makeRoom(_ log: FileStatus) throws(StoreError) {
    // A reader that takes this long hangs; it is waited for once.
    isStuck = log.size >= logLimit && !database.checkpoint(.all, waiting: isStuck ? Self.patience : 2000)
    guard isStuck else { return }
    throw .unavailable(
      "the database's -wal file can't be emptied, since a process that reads it hangs or the disk is full: "
        + "end that process, or free some space")
  }

  /// After changes, with a turn.
  mutating func afterCommit(_ log: FileStatus) {
    hasWritten = true
    switch plan.afterCommit(pages: database.pagesInLog, FoldingPlan.Look(log)) {
    case .nothing: break
    case .some: _ = database.checkpoint(.some)
    case .all: _ = database.checkpoint(.all, waiting: Self.patience)
    }
  }

  /// Once a second while there is nothing to do: who wrote may be gone, or have been killed.
  mutating func whileIdle() {
    switch files.look() {
    case .whole(let log):
      guard plan.whileIdle(FoldingPlan.Look(log)), enterIfFree() else { return }
      defer { turnstile.leave() }
      // Somebody else may have done it.
      guard case .whole(let log) = files.look(), log.size > 0 else { return }
      plan.folded(database.checkpoint(.all, waiting: Self.patience))
    case .bare: rescue()
    case .changed: break
    }
  }

  /// Before the connection is closed, the last one perhaps. Who has written waits for a turn.
  func atEnd(_ backoff: inout Backoff) {
    switch files.look() {
    case .whole(let log):
      guard log.size > 0 else { return }
      if hasWritten {
        // Who holds the turn for longer folds after it.
        do { try turnstile.enter(&backoff) } catch { return }
      } else {
        guard enterIfFree() else { return }
      }
      defer { turnstile.leave() }
      guard case .whole(let log) = files.look(), log.size > 0 else { return }
      _ = database.checkpoint(.all, waiting: hasWritten ? Self.patience : 0)
    case .bare: rescue()
    case .changed: break
    }
  }

  /// Saves what was acknowledged and lies in a log that was removed: SQLite still has it open, and nobody else can
  /// write the database meanwhile. It is left as it is, since whoever opened it anew may read it.
  private func rescue() {
    guard enterIfFree() else { return }
    defer { turnstile.leave() }
    guard case .bare = files.look() else { return }
    _ = database.checkpoint(.some)
  }

  /// A lock that fails is as one that is taken: there will be another second.
  private func enterIfFree() -> Bool {
    do { return try turnstile.enterIfFree() } catch { return false }
  }
}

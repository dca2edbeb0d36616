import Inbox
import Runtime

/// Folds the write-ahead log into the database (a checkpoint) when the plan says so.
struct Folding {
  private let database: Database
  private let turnstile: Turnstile
  private let files: StoreFiles
  private let logLimit: Int
  private var plan = FoldingPlan()
  private var hasWritten = false
  private var isStuck = false

  /// The time to wait for readers, in milliseconds; a reader normally takes much less.
  private static let patience: Int32 = 100

  init(_ database: Database, _ turnstile: Turnstile, _ files: StoreFiles, logLimit: Int) {
    self.database = database
    self.turnstile = turnstile
    self.files = files
    self.logLimit = logLimit
  }

  /// Called before a change, with a turn: throws if the log has grown to its limit and can't be emptied.
  mutating func makeRoom(_ log: FileStatus) throws(StoreError) {
    // A reader that takes this long hangs; it is waited for once.
    isStuck = log.size >= logLimit && !fold(.all, waiting: isStuck ? Self.patience : 2000)
    guard isStuck else { return }
    throw .unavailable(
      "the database's -wal file can't be emptied, since a process that reads it hangs or the disk is full: "
        + "end that process, or free some space")
  }

  /// Called after changes, with a turn.
  mutating func afterCommit(_ log: FileStatus) {
    hasWritten = true
    switch plan.afterCommit(pages: database.pagesInLog, FoldingPlan.Look(log)) {
    case .nothing: break
    case .some: _ = fold(.some)
    case .all: _ = fold(.all, waiting: Self.patience)
    }
  }

  /// Called once a second while there is nothing to do: the process that wrote may have ended or been killed.
  mutating func whileIdle() {
    switch files.look() {
    case .whole(let log):
      guard plan.whileIdle(FoldingPlan.Look(log)), enterIfFree() else { return }
      defer { turnstile.leave() }
      // Another process may have folded the log meanwhile.
      guard case .whole(let log) = files.look(), log.size > 0 else { return }
      plan.folded(fold(.all, waiting: Self.patience))
    case .changed:
      guard enterIfFree() else { return }
      defer { turnstile.leave() }
      save()
    }
  }

  /// Called before the connection is closed, which may be the last one. If this process has written, it waits
  /// for a turn.
  func atEnd(_ backoff: inout Backoff) {
    if case .whole(let log) = files.look() {
      guard log.size > 0 else { return }
      // If this process has written, it waits; a process that holds the turn for longer folds the log
      // afterwards.
      if hasWritten {
        do { try turnstile.enter(&backoff) } catch { return }
      } else if !enterIfFree() {
        return
      }
    } else {
      do { try turnstile.enter(&backoff) } catch { return }
    }
    defer { turnstile.leave() }
    switch files.look() {
    case .whole(let log): if log.size > 0 { _ = database.checkpoint(.all, waiting: Self.patience) }
    case .changed: save()
    }
  }

  /// Saves acknowledged changes from files that were removed or moved, with a turn: SQLite still has the
  /// files open.
  func save() {
    guard case .changed(_, let extent?) = files.look() else { return }
    _ = database.checkpoint(extent)
  }

  /// Folds, and looks at once what the database is now: what is written over it later is told from this.
  private func fold(_ extent: Database.Checkpoint, waiting milliseconds: Int32 = 0) -> Bool {
    defer { _ = files.look() }
    return database.checkpoint(extent, waiting: milliseconds)
  }

  /// A lock that fails is as one that is taken: there will be another second.
  private func enterIfFree() -> Bool {
    do { return try turnstile.enterIfFree() } catch { return false }
  }
}

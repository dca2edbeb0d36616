/// Decides when the write-ahead log is folded into the database, so that the log stays short, and the file
/// alone is complete when nobody writes.
struct FoldingPlan {
  /// The number of pages between two folds: about 4 MB.
  static let pagesBetween = 1000
  /// The number of pages from which the log is also emptied, which requires that no reader uses it.
  static let pagesKept = 16 * pagesBetween
  /// The most looks that are skipped after one that could not fold: a minute's worth.
  private static let longestPause = 60

  enum Step: Hashable {
    case nothing
    case some
    case all
  }

  /// The log as a look finds it; any write changes this.
  struct Look: Hashable {
    var size: Int
    var changed: FileStatus.Time
  }

  private var pagesBefore = 0
  private var seen: Look?
  private var failures = 0
  private var pause = 0

  /// The step after a commit, when the log has this many pages, including those of other processes.
  mutating func afterCommit(pages: Int, _ look: Look) -> Step {
    see(look)
    // A log that is completely folded begins anew.
    if pages < pagesBefore { pagesBefore = 0 }
    guard pages - pagesBefore >= Self.pagesBetween else { return .nothing }
    pagesBefore = pages
    return pages >= Self.pagesKept ? .all : .some
  }

  /// Whether to fold everything; asked once a second while this process writes nothing. True if no other
  /// process has written since the last look either.
  mutating func whileIdle(_ look: Look) -> Bool {
    guard look.size > 0, look == seen else {
      see(look)
      return false
    }
    guard pause == 0 else {
      pause -= 1
      return false
    }
    return true
  }

  /// Notes the result of folding everything. While a hanging reader or a full disk prevents it, the next
  /// attempts come at longer and longer intervals.
  mutating func folded(_ isDone: Bool) {
    failures = isDone ? 0 : min(failures + 1, 6)
    pause = isDone ? 0 : min(1 << failures, Self.longestPause)
  }

  private mutating func see(_ look: Look) {
    if seen != look { (failures, pause) = (0, 0) }
    seen = look
  }
}

extension FoldingPlan.Look {
  init(_ log: FileStatus) { self.init(size: log.size, changed: log.changed) }
}

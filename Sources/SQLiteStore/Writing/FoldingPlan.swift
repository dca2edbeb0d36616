/// Decides when what the write-ahead log holds is folded into the database, so that the log stays short and the
/// file alone is whole when nobody writes.
struct FoldingPlan {
  /// About 4 MB.
  static let pagesBetween = 1000
  /// From how many pages on the log is also emptied, for which no reader may use it.
  static let pagesKept = 16 * pagesBetween
  /// How many looks are left out at most after one that could not fold: a minute.
  private static let longestPause = 60

  enum Step: Hashable {
    case nothing
    case some
    case all
  }

  /// The log as a look finds it: any write changes it.
  struct Look: Hashable {
    var size: Int
    var changed: FileStatus.Time
  }

  private var pagesBefore = 0
  private var seen: Look?
  private var failures = 0
  private var pause = 0

  /// What to do after a commit, when the log holds so many pages, those of other processes among them.
  mutating func afterCommit(pages: Int, _ look: Look) -> Step {
    see(look)
    // A log that is all folded begins anew.
    if pages < pagesBefore { pagesBefore = 0 }
    guard pages - pagesBefore >= Self.pagesBetween else { return .nothing }
    pagesBefore = pages
    return pages >= Self.pagesKept ? .all : .some
  }

  /// Whether to fold all, asked once a second while this process writes nothing: when nobody else did either since
  /// the last look.
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

  /// What came of folding all. Whoever keeps it from being done, a reader that hangs or a full disk, is given more
  /// time each time.
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

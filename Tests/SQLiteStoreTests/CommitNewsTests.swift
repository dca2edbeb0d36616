import Inbox
import Testing

@testable import SQLiteStore

/// What is news when a process looks again: steps, each with the wake that it gives.
struct CommitNewsTests {
  private enum Step {
    /// Somebody else commits, and tells which logs changed.
    case commit(UInt32, [UInt64])
    /// What changed is too much, or a program that knows no better says so.
    case large(UInt32)
    /// This process commits.
    case own(UInt32)
    /// An entry is torn.
    case tear(UInt32)
    /// A look, while this is the count of commits (nil: the header is being written), and what it gives.
    case look(UInt32?, Expected)
    case later(Duration)
  }

  private enum Expected {
    case nothing
    case logs(Set<UInt64>)
    case everything
    /// The count began anew.
    case restart
    /// To be looked at again soon, with what was news until there.
    case again(Set<UInt64>)
  }

  @Test func nothingIsNewsUntilSomethingIsCommitted() {
    check(after: 5, [.look(5, .nothing), .later(.seconds(10)), .look(5, .nothing)])
  }

  @Test func othersCommitsAreTold() {
    check(
      after: 5,
      [
        .commit(6, [60]), .look(6, .logs([60])), .look(6, .nothing),
        .commit(7, [70, 71]), .commit(8, [80, 70]), .look(8, .logs([70, 71, 80])), .look(8, .nothing),
        .commit(9, []), .look(9, .nothing),
      ])
  }

  @Test func manyLogsAreTold() {
    let logs = [UInt64](0..<2500)
    check(after: 5, [.commit(6, logs), .commit(7, [7]), .look(7, .logs(Set(logs))), .look(7, .nothing)])
    check(after: 5, [.large(6), .commit(7, [7]), .look(7, .everything), .look(7, .nothing)])
  }

  @Test func ownCommitsAreNoNews() {
    check(after: 5, [.own(6), .look(6, .nothing), .own(7), .own(8), .look(8, .nothing)])
    // A look in between, which sees the commit first.
    check(
      after: 5, [.look(6, .again([])), .own(6), .look(6, .nothing), .commit(7, [7]), .look(7, .logs([7]))])
    check(
      after: 5,
      [
        .commit(6, [6]), .own(7), .commit(8, [8]), .own(9), .look(9, .logs([6, 8])), .own(10),
        .look(10, .nothing),
      ])
  }

  @Test func anyNumberOfOwnCommitsBetweenTwoLooks() {
    check(
      after: 5,
      (6...5000).map { .own($0) } + [.look(5000, .nothing), .commit(5001, [1]), .look(5001, .logs([1]))])
    // One of another program in between hides them: there was news in any case.
    check(
      after: 5, (7...5000).map { .own($0) } + [.look(5000, .everything), .own(5001), .look(5001, .nothing)])
    check(after: 5, (7...100).map { .own($0) } + [.look(100, .everything), .own(101), .look(101, .nothing)])
  }

  @Test func anEntryMayBeLate() {
    check(
      after: 5,
      [
        .commit(6, [6]), .look(7, .again([6])), .look(7, .again([])), .commit(7, [7]), .look(7, .logs([7])),
        .look(7, .nothing),
      ])
    // Torn for as long as it is being written.
    check(
      after: 5,
      [
        .commit(6, [6]), .tear(6), .look(6, .again([])), .commit(6, [6]), .look(6, .logs([6])),
        .look(6, .nothing),
      ])
  }

  @Test func anEntryThatDoesNotComeIsEverything() {
    // Killed before it was written, or the commit of another program.
    check(
      after: 5,
      [
        .look(6, .again([])), .later(.milliseconds(19)), .look(6, .again([])), .later(.milliseconds(1)),
        .look(6, .everything), .look(6, .nothing), .commit(7, [7]), .look(7, .logs([7])),
      ])
    // Each has its own time.
    check(
      after: 5,
      [
        .look(6, .again([])), .later(.milliseconds(15)), .commit(6, [6]), .look(7, .again([6])),
        .later(.milliseconds(15)), .look(7, .again([])), .later(.milliseconds(5)), .look(7, .everything),
      ])
  }

  @Test func anEntryThatIsMissingBeforeAnotherIsEverything() {
    check(after: 5, [.commit(7, [7]), .look(7, .everything), .look(7, .nothing)])
    check(after: 5, [.commit(6, [6]), .commit(7, [7]), .tear(6), .look(7, .everything)])
    // So is one that is torn for good.
    check(after: 5, [.commit(6, [6]), .commit(7, [7]), .commit(8, [8]), .tear(7), .look(8, .everything)])
  }

  @Test func entriesThatWereWrittenOver() {
    let many = (6...261).map { Step.commit($0, [UInt64($0)]) }
    check(after: 5, many + [.look(261, .logs(Set(6...261))), .look(261, .nothing)])
    check(after: 5, many + [.commit(262, [262]), .look(262, .everything), .look(262, .nothing)])
    // While they are read.
    check(after: 5, many + [.commit(262, [262]), .look(261, .everything), .look(262, .logs([262]))])
  }

  @Test func theCountBeginsAgainAfterItsLargestNumber() {
    check(
      after: .max - 1,
      [
        .commit(.max, [1]), .commit(0, [2]), .own(1), .commit(2, [3]), .look(2, .logs([1, 2, 3])),
        .look(2, .nothing),
      ])
  }

  @Test func aCountThatBeganAnewIsEverything() {
    // SQLite has recovered the index.
    check(after: 1000, [.look(0, .restart), .look(0, .nothing), .commit(1, [1]), .look(1, .logs([1]))])
    check(after: 1000, [.commit(1, [1]), .commit(2, [2]), .look(2, .restart), .look(2, .nothing)])
    check(after: 1000, [.own(1), .own(2), .look(2, .restart), .own(3), .look(3, .nothing)])
    // One that has gone on far is a jump.
    check(after: 1000, [.look(5000, .everything), .look(5000, .nothing)])
  }

  @Test func whatWasNotFollowedIsEverything() {
    check(after: nil, [.look(9, .everything), .look(9, .nothing), .commit(10, [1]), .look(10, .logs([1]))])
    check(after: nil, [.own(9), .look(9, .everything), .own(10), .look(10, .nothing)])
  }

  @Test func aHeaderThatIsBeingWritten() {
    check(after: 5, [.look(nil, .again([])), .look(5, .nothing)])
    check(after: 5, [.look(nil, .again([])), .commit(6, [6]), .look(6, .logs([6]))])
    // Whoever wrote it was killed: SQLite recovers the index when somebody reads, and counts anew.
    check(
      after: 5,
      [
        .look(nil, .again([])), .later(.milliseconds(20)), .look(nil, .everything), .later(.seconds(1)),
        .look(nil, .nothing), .later(.seconds(1)), .look(0, .everything), .look(0, .nothing), .commit(1, [1]),
        .look(1, .logs([1])),
      ])
  }

  private func check(after commit: UInt32?, _ steps: [Step], _ location: SourceLocation = #_sourceLocation) {
    var news = CommitNews(after: commit)
    var file = RingFile()
    var now = ContinuousClock.now
    for (index, step) in steps.enumerated() {
      switch step {
      case .commit(let commit, let logs): file.write(.logs(logs), of: commit)
      case .large(let commit): file.write(.everything, of: commit)
      case .own(let commit): news.add(own: commit)
      case .tear(let commit): file.words[CommitRing.pieces(.everything, of: commit)[0].offset / 8] ^= 1
      case .later(let duration): now += duration
      case .look(let newest, let expected):
        let look = news.look(at: newest, now: now, file.read)
        let told: Set<UInt64>? =
          switch look.wake {
          case .logs(let logs): Set(logs)
          case .everything: nil
          case nil: []
          }
        let comment = Comment(rawValue: "step \(index): \(look)")
        let isRestart = if case .restart = expected { true } else { false }
        #expect(look.isRestart == isRestart, comment, sourceLocation: location)
        switch expected {
        case .nothing: #expect(look == CommitNews.Look(), comment, sourceLocation: location)
        case .logs(let logs): #expect(told == logs && look.again == nil, comment, sourceLocation: location)
        case .everything, .restart:
          #expect(told == nil && look.again == nil, comment, sourceLocation: location)
        case .again(let logs):
          #expect(told == logs && look.again ?? now > now, comment, sourceLocation: location)
        }
      }
    }
  }
}

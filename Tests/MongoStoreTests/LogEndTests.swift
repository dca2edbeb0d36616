import Inbox
import Mongo
import Testing

@testable import MongoStore

/// What a read asks for, by what is known of a log's end.
struct LogEndTests {
  private let old = BSONObjectID(high: 1, low: 1)
  private let new = BSONObjectID(high: 2, low: 2)

  /// The end of a log of which a page was read.
  private var read: LogEnd {
    var end = LogEnd()
    end.reach(40, old)
    end.bring(from: 29, isPage: true)
    return end
  }

  @Test func theNewestComeTheFirstTime() {
    var end = LogEnd()
    #expect(end.first(newest: 12) == 1)
    end.reach(40, old)
    #expect(end.first(newest: 12) == 29)
    #expect(end.first(newest: 1) == 40)
  }

  @Test func onlyNewOnesComeLater() {
    var end = read
    #expect(end.first(newest: 12) == 40)
    // Appended, and not yet read.
    end.reach(43, new)
    #expect(end.first(newest: 12) == 41)
    #expect(end.proof == .init(seq: 43, token: new))
    end.reach(90, nil)
    #expect(end.first(newest: 12) == 79)
    #expect(end.proof == .init(seq: 43, token: new))
  }

  /// What a host wrote itself proves nothing of what it knew, unless it wrote behind the proof.
  @Test func aWriterProvesOnlyWhatWasProven() {
    var end = read
    end.append(41, new, behind: old)
    #expect(end.proof == .init(seq: 41, token: new))
    end.append(45, old, behind: BSONObjectID(high: 3, low: 3))
    #expect(end.proof == .init(seq: 41, token: new))
    end.append(46, old, behind: nil)
    #expect(end.proof == .init(seq: 41, token: new))
    #expect(end.first(newest: 1) == 46)
    var unknown = LogEnd()
    unknown.append(1, old, behind: nil)
    #expect(unknown.proof == .init(seq: 1, token: old))
  }

  @Test func aWriterBringsNoMoreThanItSaw() {
    var end = read
    end.reach(50, new)
    end.bring(from: 50, isPage: false)
    #expect(end.first(newest: 12) == 41)
    end.bring(from: 41, isPage: false)
    #expect(end.first(newest: 12) == 50)
  }

  @Test func theNewestComeAlongForAWhileWhereSomeWereForgotten() {
    var end = read
    end.miss(SequenceSet(3, through: 10))
    #expect(end.first(newest: 12) == 40)
    end.miss(SequenceSet(3, through: 30))
    for _ in 0..<16 {
      #expect(end.first(newest: 12) == 29)
      end.bring(from: 29, isPage: true)
    }
    #expect(end.first(newest: 12) == 40)
  }

  /// A log without a proof would be served unproven, if anything else of it is remembered.
  @Test func aPastOfTooManyLogsIsOver() {
    let past = Past(1, logs: 3)
    for name in ["a", "b", "c"] as [Text] { past.heads.change(endOf: .team(name)) { $0.reach(1, old) } }
    #expect(!past.isOver)
    past.heads.change(endOf: .team("a")) { $0.reach(2, new) }
    #expect(!past.isOver)
    past.heads.change(endOf: .team("d")) { $0.reach(1, old) }
    #expect(past.isOver)
  }
}

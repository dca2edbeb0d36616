import Inbox
import Seeds
import Testing

@testable import MongoStore

/// The writes that are made together, and those that wait.
struct WriteQueueTests {
  private func append(_ logs: LogName...) -> Work {
    .append(Append(draft: draft("x"), logs: logs) { _ in })
  }

  private func change(_ inbox: Inbox) -> Work {
    .marks(MarksWrite(inbox: inbox, decide: { _, _ in ({ _ in }, nil) }, fail: { _ in }))
  }

  private func retract(_ log: LogName) -> Work {
    .retract(Retract(name: MessageName(log: log, seq: 1)) { _ in })
  }

  /// Takes a group outside of an expectation, which can't change the queue that it looks at.
  private func take(_ queue: inout WriteQueue) -> WriteQueue.Group? {
    queue.call().flatMap { queue.take($0) }
  }

  private func queue(_ work: Work...) -> WriteQueue {
    var queue = WriteQueue()
    for work in work { _ = queue.add(work) }
    return queue
  }

  @Test func appendsToOneLogGoTogether() {
    var queue = queue(append(team), append(team), append(.everyone))
    let work1 = take(&queue)?.work
    #expect(work1?.count == 3)
    let work2 = take(&queue)?.work
    #expect(work2 == nil)
    #expect(!queue.isIdle)
  }

  @Test func aLogHasOneGroupAtATime() throws {
    var queue = queue(append(team))
    let group = take(&queue)
    let first = try #require(group)
    _ = queue.add(append(team))
    _ = queue.add(append(.everyone))
    // A write to the other log need not wait.
    let next = take(&queue)
    let second = try #require(next)
    #expect(second.work.map(\.writes) == [[.everyone]])
    let work3 = take(&queue)?.work
    #expect(work3 == nil)
    queue.done(first.id)
    let work4 = take(&queue)?.work
    #expect(work4?.map(\.writes) == [[team]])
  }

  @Test func aChangeComesAfterEarlierAppendsAndBeforeLaterOnes() throws {
    var queue = queue(append(team), change(bob), append(team), append(.everyone))
    let group = take(&queue)
    let first = try #require(group)
    #expect(first.work.map(\.writes) == [[team], [.everyone]])
    let work5 = take(&queue)?.work
    #expect(work5 == nil)
    queue.done(first.id)
    let next = take(&queue)
    let second = try #require(next)
    #expect(second.work.map(\.kind) == [.marks])
    let work6 = take(&queue)?.work
    #expect(work6 == nil)
    queue.done(second.id)
    let work7 = take(&queue)?.work
    #expect(work7?.map(\.kind) == [.append])
  }

  @Test func readersOfOneTeamDontWaitForOneAnother() throws {
    var queue = queue(change(bob))
    let group = take(&queue)
    let first = try #require(group)
    _ = queue.add(change(Inbox(user: "cid", team: "t")))
    _ = queue.add(change(bob))
    let next = take(&queue)
    let second = try #require(next)
    #expect(second.work.flatMap(\.inboxes).map(\.user) == ["cid"])
    queue.done(second.id)
    let work8 = take(&queue)?.work
    #expect(work8 == nil)
    queue.done(first.id)
    let work9 = take(&queue)?.work
    #expect(work9?.flatMap(\.inboxes).map(\.user) == ["bob"])
  }

  @Test func aRetractionWaitsForTheAppendBeforeIt() throws {
    var queue = queue(append(team), retract(team), append(team))
    let group = take(&queue)
    let first = try #require(group)
    #expect(first.work.count == 1)
    queue.done(first.id)
    let work10 = take(&queue)?.work
    #expect(work10?.map(\.kind) == [.retract])
  }

  @Test func logsHeldBackWaitAndTheirFollowersToo() throws {
    var queue = queue(append(team), change(bob), append(.everyone))
    queue.heldBack = [team]
    let work11 = take(&queue)?.work
    #expect(work11?.map(\.writes) == [[.everyone]])
    let work12 = take(&queue)?.work
    #expect(work12 == nil)
    queue.heldBack = []
    let work13 = take(&queue)?.work
    #expect(work13?.map(\.writes) == [[team]])
  }

  @Test func whatComesWhileAThreadIsOnItsWayGoesWithIt() throws {
    var queue = queue(append(team))
    let first = queue.call()
    let call = try #require(first)
    _ = queue.add(append(.everyone))
    // Until the called thread has come, no second one is called.
    let second = queue.call()
    #expect(second == nil)
    let group = queue.take(call)
    #expect(group?.work.map(\.writes) == [[team], [.everyone]])
  }

  @Test func aThreadThatDoesNotComeGivesUpWhatItWasCalledFor() throws {
    var queue = queue(append(team), change(bob))
    let first = queue.call()
    let call = try #require(first)
    _ = queue.add(append(team))
    let given = queue.abandon(call)
    #expect(given.map(\.kind) == [.append, .marks])
    let next = take(&queue)
    #expect(next?.work.map(\.kind) == [.append])
    next.map { queue.done($0.id) }
    #expect(queue.isIdle)
  }

  @Test func noThreadIsCalledForWhatHasToWait() throws {
    var queue = queue(append(team))
    let group = take(&queue)
    _ = queue.add(append(team))
    let early = queue.call()
    #expect(early == nil)
    queue.done(try #require(group).id)
    let call = queue.call()
    #expect(call != nil)
  }

  /// What the queue remembers of its waiting writes agrees with an examination of all of them.
  @Test(arguments: 1...50 as ClosedRange<UInt64>)
  func itRemembersWhetherAnythingMayRun(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var queue = WriteQueue()
    var running: [Int] = []
    let logs: [LogName] = [team, .everyone, .account("bob")]
    for _ in 0..<400 {
      let log = try #require(logs.randomElement(using: &random))
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<4: _ = queue.add(append(log))
      case 4: _ = queue.add(change(Inbox(user: "bob", team: "t")))
      case 5: _ = queue.add(retract(log))
      case 6: queue.heldBack = Bool.random(using: &random) ? [log] : []
      case 7: if let id = running.popLast() { queue.done(id) }
      default: break
      }
      // A change of what is held back makes the other queue look at all waiting writes again.
      var forgetful = queue
      forgetful.heldBack = [.account("nobody")]
      forgetful.heldBack = queue.heldBack
      let (mine, other) = (queue.call(), forgetful.call())
      #expect(mine == other)
      let (taken, expected) = (mine.flatMap { queue.take($0) }, other.flatMap { forgetful.take($0) })
      #expect(taken?.work.map(\.writes) == expected?.work.map(\.writes))
      if let taken { running.append(taken.id) }
    }
  }

  @Test func whatIsTakenLeavesTheRestInOrder() throws {
    var queue = queue(append(team), change(bob), append(.everyone), retract(team), append(.account("bob")))
    let group = take(&queue)
    #expect(group?.work.map(\.writes) == [[team], [.everyone], [.account("bob")]])
    queue.done(try #require(group).id)
    let kinds = (1...2).map { _ in take(&queue)?.work.map(\.kind) }
    #expect(kinds == [[.marks], nil])
  }

  @Test func aGroupIsBounded() throws {
    var queue = WriteQueue()
    for _ in 0..<(WriteQueue.workTogether + 5) { _ = queue.add(append(team)) }
    let group = take(&queue)
    let first = try #require(group)
    #expect(first.work.count == WriteQueue.workTogether)
    queue.done(first.id)
    let work14 = take(&queue)?.work
    #expect(work14?.count == 5)
  }

  @Test func closingTakesNothingMore() {
    var queue = queue(append(team))
    queue.close()
    let isTaken = queue.add(append(team))
    #expect(!isTaken)
    #expect(!queue.isIdle)
    while let group = take(&queue) { queue.done(group.id) }
    #expect(queue.isIdle)
  }
}

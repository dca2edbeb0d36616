import Testing

@testable import MongoStore

/// The reads that go into one command.
struct ReadQueueTests {
  private typealias Queue = ReadQueue<Int>

  @Test func oneThatIsAloneWaitsForNobody() {
    var queue = Queue()
    #expect(queue.take() == nil)
    for read in 1...Queue.groupsTogether {
      queue.add(read)
      #expect(queue.take() == [read])
    }
    queue.add(9)
    #expect(queue.take() == nil)
    queue.done(1)
    #expect(queue.take() == [9])
    #expect(queue.take() == nil)
  }

  @Test func whatComesMeanwhileGoesInEqualShares() {
    var queue = Queue()
    for read in 0..<32 { queue.add(read) }
    let groups = (0..<Queue.groupsTogether).compactMap { _ in queue.take() }
    #expect(groups.map(\.count) == [8, 8, 8, 8])
    #expect(groups.flatMap { $0 } == Array(0..<32))
    queue.done(8)
    for read in 32..<36 { queue.add(read) }
    // With 28 in flight: a quarter of them, if as many are waiting.
    #expect(queue.take() == Array(32..<36))
  }

  @Test func aGroupHasALimit() {
    var queue = Queue()
    for read in 0..<1000 { queue.add(read) }
    #expect(queue.take()?.count == Queue.readsTogether)
    var taken = Queue.readsTogether
    queue.done(Queue.readsTogether)
    while let group = queue.take() {
      taken += group.count
      queue.done(group.count)
    }
    #expect(taken == 1000)
  }
}

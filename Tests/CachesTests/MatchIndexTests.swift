import InboxSupport
import Locks
import MemoryStore
import Runtime
import Seeds
import Testing

@testable import Caches
@testable import Inbox

@Suite struct MatchIndexTests {
  /// A reader of logs in which every third message has the type, and what it was asked for.
  private func counted() -> (reader: NumberReader, asked: Locked<[ClosedRange<Int>]>) {
    let asked = Locked<[ClosedRange<Int>]>([])
    let reader = NumberReader { numbers in
      asked.withLock { $0.append(numbers) }
      return SequenceSet(numbers: numbers.filter { $0 % 3 == 0 })
    }
    return (reader, asked)
  }

  @Test func asksOnlyForWhatIsNew() throws {
    let (store, asked) = counted()
    let reader = IndexedReader(store, MatchIndex())
    func thirds(_ first: Int, _ last: Int) throws -> SequenceSet {
      try reader.numbers(in: .everyone, where: .type("a"), from: first, through: last)
    }
    #expect(try thirds(1, 10) == SequenceSet(numbers: [3, 6, 9]))
    #expect(try thirds(1, 10) == SequenceSet(numbers: [3, 6, 9]))
    #expect(try thirds(1, 7) == SequenceSet(numbers: [3, 6]))
    #expect(try thirds(5, 13) == SequenceSet(numbers: [6, 9, 12]))
    #expect(asked.withLock { $0 } == [1...10, 11...13])
    #expect(try reader.numbers(in: .everyone, where: .type("b"), from: 1, through: 3) == SequenceSet(3))
    #expect(try reader.numbers(in: .team("t"), where: .type("a"), from: 1, through: 3) == SequenceSet(3))
    #expect(asked.withLock { $0.count } == 4)
  }

  /// What is known begins after a number, for instance where a reader's own messages are part of the marks.
  @Test func whatIsKnownAfterANumberServesLaterOnes() {
    let index = MatchIndex()
    let key = MatchIndex.Key(.everyone, .sender("ann"), past: 1)
    var asked: [ClosedRange<Int>] = []
    func look(_ after: Int, _ last: Int, _ key: MatchIndex.Key = key, atLeast: Int = 0) -> [Int] {
      let found = index.matches(key, after: after, through: last, atLeast: atLeast) { first, last in
        asked.append(first...last)
        return SequenceSet(numbers: (first...last).filter { $0.isMultiple(of: 10) })
      }
      return Array(found.numbers)
    }
    #expect(look(40, 65) == [50, 60])
    #expect(look(55, 65) == [60])
    #expect(look(45, 58) == [50])
    #expect(look(65, 65) == [])
    #expect(look(40, 80) == [50, 60, 70, 80])
    #expect(asked == [41...65, 66...80])
    // From further back all is asked for, and known from then on.
    #expect(look(10, 80) == [20, 30, 40, 50, 60, 70, 80])
    #expect(look(20, 80) == [30, 40, 50, 60, 70, 80])
    #expect(asked.dropFirst(2) == [11...80])
    // An older view does not replace what a later one knows.
    #expect(look(0, 20) == [10, 20])
    #expect(look(10, 80).count == 7)
    #expect(asked.dropFirst(3) == [1...20])
    // Another past is another log.
    let other = MatchIndex.Key(.everyone, .sender("ann"), past: 2)
    #expect(look(0, 20, other, atLeast: 3) == [10, 20])
    #expect(look(0, 20, other) == [10, 20])
    #expect(look(0, 20, other) == [10, 20])
    #expect(asked.dropFirst(4) == [1...20, 1...20])
  }

  @Test func forgetsWhatWasNotUsedLongest() throws {
    let (store, asked) = counted()
    let reader = IndexedReader(store, MatchIndex(capacity: 2 * (5 + MatchIndex.entryWeight)))
    func ask(_ type: Text) throws {
      #expect(try reader.numbers(in: .everyone, where: .type(type), from: 1, through: 15).count == 5)
    }
    // Five ranges each: two entries fit.
    for type in ["a", "b", "a", "c", "a"] as [Text] { try ask(type) }
    #expect(asked.withLock { $0.count } == 3)
    try ask("b")
    #expect(asked.withLock { $0.count } == 4)
  }

  /// A comparison with a plain list in the order of use.
  @Test(arguments: (0..<8).map { _ in UInt64.random(in: 0...UInt64.max) })
  func theLastUsedAreKept(_ seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let capacity = Int.random(in: 0...60, using: &random)
    var kept = RecentlyUsed<Int, Int>(capacity: capacity)
    var naive: [(key: Int, value: Int, weight: Int)] = []
    for step in 0..<2_000 {
      let key = Int.random(in: 0..<20, using: &random)
      let place = naive.firstIndex { $0.key == key }
      if Bool.random(using: &random) {
        #expect(kept.look(key) == place.map { naive[$0].value })
        let used = kept.use(key)
        #expect(used == place.map { naive[$0].value })
        if let place { naive.append(naive.remove(at: place)) }
      } else {
        let weight = Int.random(in: 1...12, using: &random)
        kept.set(key, step, weight: weight)
        if let place { naive.remove(at: place) }
        naive.append((key, step, weight))
        while naive.reduce(0, { $0 + $1.weight }) > capacity { naive.removeFirst() }
      }
      #expect(kept.count == naive.count && kept.weight == naive.reduce(0) { $0 + $1.weight })
    }
  }
}

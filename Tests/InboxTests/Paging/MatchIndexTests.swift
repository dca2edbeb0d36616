import Inbox
import Locks
import MemoryStore
import Testing

@Suite struct MatchIndexTests {
  /// Counts what the store is asked for.
  final class CountingReader: StoreReader, Sendable {
    let asked = Locked<[ClosedRange<Int>]>([])

    func states(of inboxes: [Inbox]) -> [InboxState] { [] }
    func messages(in log: LogName, _ numbers: SequenceSet) -> [Message] { [] }
    func times(in log: LogName, _ numbers: [Int]) -> [Timestamp] { [] }
    func last(in log: LogName, notAfter time: Timestamp) -> Int { 0 }
    func numbers(in log: LogName, where field: MessageField, from first: Int, through last: Int)
      -> SequenceSet
    {
      asked.withLock { $0.append(first...last) }
      // Every third message is of the type.
      return SequenceSet(numbers: (first...last).filter { $0 % 3 == 0 })
    }
  }

  @Test func asksOnlyForWhatIsNew() throws {
    let store = CountingReader()
    let reader = IndexedReader(store, MatchIndex())
    func thirds(_ first: Int, _ last: Int) throws -> SequenceSet {
      try reader.numbers(in: .everyone, where: .type("a"), from: first, through: last)
    }
    #expect(try thirds(1, 10) == SequenceSet(numbers: [3, 6, 9]))
    #expect(try thirds(1, 10) == SequenceSet(numbers: [3, 6, 9]))
    #expect(try thirds(1, 7) == SequenceSet(numbers: [3, 6]))
    #expect(try thirds(5, 13) == SequenceSet(numbers: [6, 9, 12]))
    #expect(store.asked.withLock { $0 } == [1...10, 11...13])
    #expect(try reader.numbers(in: .everyone, where: .type("b"), from: 1, through: 3) == SequenceSet(3))
    #expect(try reader.numbers(in: .team("t"), where: .type("a"), from: 1, through: 3) == SequenceSet(3))
    #expect(store.asked.withLock { $0.count } == 4)
  }

  @Test func forgetsWhatWasNotUsedLongest() throws {
    let store = CountingReader()
    let reader = IndexedReader(store, MatchIndex(capacity: 12))
    func ask(_ type: Text) throws {
      #expect(try reader.numbers(in: .everyone, where: .type(type), from: 1, through: 15).count == 5)
    }
    // Five ranges and one for the entry itself: two entries fit.
    for type in ["a", "b", "a", "c", "a"] as [Text] { try ask(type) }
    #expect(store.asked.withLock { $0.count } == 3)
    try ask("b")
    #expect(store.asked.withLock { $0.count } == 4)
  }
}

import Caches
import Inbox
import Seeds
import Testing

@Suite struct WrittenMessagesTests {
  /// A store that counts the numbers that were fetched.
  final class Source {
    var fetched: [Int] = []
    /// The bytes of each message: those of this many letters.
    var size = 10

    func fetch(_ numbers: SequenceSet) -> [WrittenMessage] {
      var messages: [WrittenMessage] = []
      for span in numbers.spans {
        for seq in span.first...span.last {
          fetched.append(seq)
          messages.append(message(seq))
        }
      }
      return messages
    }

    func message(_ seq: Int) -> WrittenMessage {
      WrittenMessage(
        seq: seq, time: Timestamp(seq) * 10, bytes: [UInt8](repeating: UInt8(seq & 127), count: size))
    }

    func read(
      _ cache: WrittenMessages, _ numbers: [Int], in log: LogName = .team("a"), past: Int = 0
    ) throws {
      let found = try cache.messages(in: log, past: past, SequenceSet(numbers: numbers), fetch)
      #expect(found == numbers.map(message))
    }
  }

  @Test func whatIsKnownIsNotFetched() throws {
    let (source, cache) = (Source(), WrittenMessages(capacity: 1 << 20))
    try source.read(cache, [14, 15, 16, 17])
    try source.read(cache, [13, 15, 17, 40])
    #expect(source.fetched == [14, 15, 16, 17, 13, 40])
    try source.read(cache, [13, 14, 15, 16, 17, 40])
    #expect(source.fetched.count == 6)
    // Another log has other messages.
    try source.read(cache, [14], in: .team("b"))
    #expect(source.fetched.count == 7)
    #expect(cache.statistics.hits == 8)
    #expect(cache.statistics.misses == 7)
  }

  @Test func aRemovedMessageIsForgotten() throws {
    let (source, cache) = (Source(), WrittenMessages(capacity: 1 << 20))
    try source.read(cache, [1, 2, 3])
    let before = cache.statistics.bytes
    cache.forget(MessageName(log: .team("a"), seq: 2))
    cache.forget(MessageName(log: .team("b"), seq: 2))
    #expect(cache.statistics.bytes <= before - source.size)
    try source.read(cache, [1, 2, 3])
    #expect(source.fetched == [1, 2, 3, 2])
  }

  @Test func anotherPastHasOtherMessages() throws {
    let (source, cache) = (Source(), WrittenMessages(capacity: 1 << 20))
    try source.read(cache, [1, 2])
    source.size = 20
    try source.read(cache, [1, 2], past: 1)
    // A view that began before the change reads for itself, and leaves nothing behind.
    source.size = 10
    try source.read(cache, [1, 2], past: 0)
    source.size = 20
    try source.read(cache, [1, 2], past: 1)
    #expect(source.fetched == [1, 2, 1, 2, 1, 2])
  }

  @Test func nothingIsKeptWithoutRoom() throws {
    let (source, cache) = (Source(), WrittenMessages(capacity: 0))
    try source.read(cache, [1, 2])
    try source.read(cache, [1, 2])
    #expect(source.fetched == [1, 2, 1, 2])
    #expect(cache.statistics.bytes == 0)
    #expect(cache.statistics.entries == 0)
  }

  @Test func memoryCountsAsItIsTaken() throws {
    let cache = WrittenMessages(capacity: 1 << 20)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(1000)
    bytes.append(1)
    let message = WrittenMessage(seq: 1, time: 1, bytes: bytes)
    _ = try cache.messages(in: .everyone, past: 0, SequenceSet(1)) { _ in [message] }
    #expect(cache.statistics.bytes >= 1000)
    // A message that is gone takes nothing: it can be put back as often as one likes.
    let before = cache.statistics.bytes
    for _ in 0..<10 {
      cache.forget(MessageName(log: .everyone, seq: 1))
      _ = try cache.messages(in: .everyone, past: 0, SequenceSet(1)) { _ in [message] }
    }
    #expect(cache.statistics.bytes == before)
  }

  @Test func aFailureLeavesNothingBehind() throws {
    struct Failure: Error {}
    let (source, cache) = (Source(), WrittenMessages(capacity: 1 << 20))
    try source.read(cache, [1])
    #expect(throws: Failure.self) {
      try cache.messages(in: .team("a"), past: 0, SequenceSet(numbers: [1, 2])) { _ in throw Failure() }
    }
    try source.read(cache, [1, 2])
    #expect(source.fetched == [1, 2])
  }

  /// Whatever was read before, each read returns what the source has, and the bytes stay within the bound.
  @Test(arguments: (0..<8).map { _ in UInt64.random(in: 0...UInt64.max) })
  func readsAreWhatTheSourceHas(_ seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let capacity = Int.random(in: 0...20_000, using: &random)
    let (source, cache) = (Source(), WrittenMessages(capacity: capacity))
    source.size = .random(in: 0...400, using: &random)
    let logs: [LogName] = [.team("a"), .team("b"), .everyone]
    for _ in 0..<2_000 {
      let log = logs.randomElement(using: &random)!
      let first = Int.random(in: 1...100, using: &random)
      let numbers = (first..<first + 24).filter { _ in Int.random(in: 0..<3, using: &random) > 0 }
      try source.read(cache, numbers, in: log)
      if Int.random(in: 0..<10, using: &random) == 0 {
        cache.forget(MessageName(log: log, seq: first))
      }
      #expect(cache.statistics.bytes <= capacity)
    }
  }
}

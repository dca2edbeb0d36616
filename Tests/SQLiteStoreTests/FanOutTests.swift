import Inbox
import Locks
import Testing

@testable import SQLiteStore

/// Appends to many logs, divided into transactions.
struct FanOutTests {
  private let large = String(repeating: "x", count: 64 << 10)
  private let readers = (1...200).map { LogName.account(Text("reader \($0)")) }

  private func large(key: Text? = nil, digest: [UInt8] = [1]) -> Draft {
    Draft(body: MessageBody(type: "note", content: large), key: key, digest: key == nil ? [] : digest)
  }

  @Test(arguments: [
    (1, 1, [0..<1]), (2500, 1, [0..<2500]), (2501, 1, [0..<2500, 2500..<2501]),
    (3, 2 << 20, [0..<2, 2..<3]), (3, 4 << 20, [0..<1, 1..<2, 2..<3]), (2, .max, [0..<1, 1..<2]),
    (3, 0, [0..<3]), (0, 5, []),
  ]) func chunks(_ count: Int, _ size: Int, _ expected: [Range<Int>]) {
    #expect(FanOut.chunks(of: count, size: size) == expected)
  }

  /// Between two transactions of one call, other calls see what has been appended, and may write.
  @Test func othersComeBetween() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    let other = try SQLiteStore(path: path)
    let (started, start) = AsyncStream.makeStream(of: Void.self)
    let order = Locked<[String]>([])
    async let receipts = {
      let receipts = try await store.append(large(), to: readers) { done in
        if done > FanOut.bytesTogether / large.utf8.count { start.yield() }
      }
      order.withLock { $0.append("many") }
      return receipts
    }()
    for await _ in started { break }
    _ = try await other.append(draft("between"))
    order.withLock { $0.append("one") }
    #expect(try await receipts.map(\.seq) == [Int](repeating: 1, count: 200))
    #expect(order.withLock { $0 } == ["one", "many"])
    try await store.close()
    try await other.close()
  }

  /// A failure in the middle reports what is done, and a retry with the same key completes it.
  @Test func aFailureInTheMiddleIsCompletedByARetry() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    _ = try await store.append(draft(), to: [.everyone])
    try TestDatabase.execute(
      path,
      """
      CREATE TRIGGER fault BEFORE INSERT ON message WHEN new.position >> 32 = 150
      BEGIN SELECT RAISE(ABORT, 'fault'); END
      """)
    var done: [Receipt?] = []
    do {
      _ = try await store.append(large(key: "k"), to: readers, progress: nil)
      Issue.record("it was appended")
    } catch StoreError.interrupted(let why, let receipts) {
      done = receipts
      #expect(why.hasPrefix("\(done.count { $0 != nil }) of 200 readers have the message"))
    }
    let written = done.prefix { $0 != nil }.count
    #expect((1...148).contains(written) && done[written...].allSatisfy { $0 == nil })
    for (index, log) in readers.enumerated() {
      #expect(try await store.messages(of: log).count == (index < written ? 1 : 0))
    }
    try TestDatabase.execute(path, "DROP TRIGGER fault")
    let again = try await store.append(large(key: "k"), to: readers, progress: nil)
    #expect(again.map(\.duplicate) == readers.indices.map { $0 < written })
    #expect(again.allSatisfy { $0.seq == 1 })
    try await store.close()
  }

  /// The key is looked up in all logs before anything is appended to the first.
  @Test func aConflictInTheLastLogAppendsNothing() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    _ = try await store.append(large(key: "k", digest: [2]), to: readers[199])
    await #expect(throws: StoreError.conflict(readers[199])) {
      try await store.append(large(key: "k"), to: readers, progress: nil)
    }
    for log in readers.dropLast() { #expect(try await store.messages(of: log).isEmpty) }
    try await store.close()
  }

  /// A caller that stops waiting does not leave half of the call undone.
  @Test func aCallerThatGoesAwayDoesNotEndIt() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    let task = Locked<Task<[Receipt], any Error>?>(nil)
    let call = Task {
      try await store.append(large(), to: readers) { _ in task.withLock { $0?.cancel() } }
    }
    task.withLock { $0 = call }
    #expect(try await call.value.count == 200)
    for log in readers { #expect(try await store.messages(of: log).count == 1) }
    try await store.close()
  }
}

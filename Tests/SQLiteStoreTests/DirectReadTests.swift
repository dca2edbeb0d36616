import Dispatch
import Inbox
import InboxSupport
import Testing

@testable import SQLiteStore

/// Reads for which no task waits.
struct DirectReadTests {
  private func begin(
    _ store: SQLiteStore, _ body: @escaping @Sendable (any StoreReader) throws -> Int
  ) throws -> DirectRead {
    try #require(DirectRead(store, body))
  }

  @Test func theyAreAnsweredLikeOthers() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    for n in 1...3 {
      _ = try await store.append(draft())
      #expect(try await begin(store) { try $0.state(of: bob).shared.head }.value == n)
    }
    await #expect(throws: StoreError.notFound) {
      try await begin(store) { _ in throw StoreError.notFound }.value
    }
    try await store.close()
    await #expect(throws: StoreError.closed) { try await begin(store) { _ in 1 }.value }
  }

  @Test func oneThatIsTakenBackIsNotDone() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: FilePath(folder.path("a.db")), readers: 1, patience: .seconds(600))
    let (reading, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let slow = try begin(store) { _ in
      reading.signal()
      release.waitOrFail()
      return 1
    }
    await reading.waited()
    let queued = try begin(store) { _ in
      Issue.record("it was done")
      return 2
    }
    // It has begun: it is done.
    slow.takeBack()
    queued.takeBack()
    await #expect(throws: CancellationError.self) { try await queued.value }
    release.signal()
    #expect(try await slow.value == 1)
    try await store.close()
  }
}

import Foundation
import Inbox
import Testing

@testable import SQLiteStore

/// Views during changes.
struct SnapshotTests {
  @Test func aViewStaysWhileSomethingIsAppended() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    _ = try await store.append(draft())
    let reading = DispatchSemaphore(value: 0)
    let appended = DispatchSemaphore(value: 0)
    let view = Task {
      try await store.read { reader in
        let before = try reader.state(of: bob).shared.head
        reading.signal()
        appended.waitOrFail()
        return (before, try reader.state(of: bob).shared.head)
      }
    }
    await reading.waited()
    #expect(try await store.append(draft()).seq == 2)
    appended.signal()
    #expect(try await view.value == (1, 1))
    #expect(try await store.read { try $0.state(of: bob).shared.head } == 2)
    try await store.close()
  }

  @Test func theWriteAheadLogDoesNotGrowForEver() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    let text = String(repeating: "x", count: 60 << 10)
    var largest = 0
    for n in 1...600 {
      #expect(try await store.append(draft(text)).seq == n)
      if n.isMultiple(of: 50) {
        largest = max(largest, try await store.report(.test).walSize)
      }
    }
    // 36 MB were written.
    #expect(largest < 12 << 20)
    #expect(try await store.messages().count == 600)
    try await store.close()
  }
}

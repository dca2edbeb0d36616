import Foundation
import Inbox
import Locks
import Runtime
import Testing

@testable import SQLiteStore

/// Many changes that together take a long time.
struct SliceTests {
  @Test func otherProcessesGetTheirTurnBetweenThem() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let (store, other) = (try SQLiteStore(path: path), try SQLiteStore(path: path))
    _ = try await store.append(draft())
    let begun = DispatchSemaphore(value: 0)
    let done = DispatchSemaphore(value: 0)
    // One group: once the other store wants to write, the first change uses up the time of a transaction.
    let slow = Task.immediate {
      try await store.change(marksOf: bob) { _, _ in
        #expect(begun.wait(timeout: .now() + 60) == .success)
        let end = ContinuousClock.now + GroupCommit.slice + .milliseconds(50)
        while .now < end { Thread.sleep(forTimeInterval: 0.01) }
      }
    }
    // The second change never ends if it is in the same transaction.
    let next = Task.immediate {
      try await store.change(marksOf: bob) { _, _ in done.wait(timeout: .now() + 60) == .success }
    }
    let between = Task.immediate {
      begun.signal()
      let receipt = try await other.append(draft("between"))
      done.signal()
      return receipt.seq
    }
    try await slow.value
    #expect(try await between.value == 2)
    #expect(try await next.value)
    try await store.close()
    try await other.close()
  }

  /// The matches of a filter are counted row by row, and a deadline ends that.
  @Test func aDeadlineEndsARead() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    for n in 1...50 { _ = try await store.append(draft("\(n)")) }
    let late = ContinuousClock.now - .seconds(1)
    for body in [
      { _ = try $0.state(of: bob) },
      { _ = try $0.numbers(in: team, where: .type("note"), from: 1, through: 50) },
    ] as [@Sendable (any StoreReader) throws -> Void] {
      await #expect(throws: StoreError.self) {
        try await StoreCall.$deadline.withValue(late) { try await store.read(body) }
      }
      try await StoreCall.$deadline.withValue(.now + .seconds(600)) { try await store.read(body) }
      try await store.read(body)
    }
    try await store.close()
  }
}

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
    let (held, begun, done) = (
      DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
    )
    // Byte 0 of the lock file is the gate: who wants to write has it while somebody else writes.
    let turnstile = try Turnstile(try DatabaseFile(path: FilePath(path), Trust(allowsSharing: false)))
    // One group, since the writer is held up until both changes wait. The first change uses up the time of a
    // transaction, and ends once the other store waits for its turn.
    let before = Task.immediate { try await store.change(marksOf: bob) { _, _ in held.waitOrFail() } }
    let slow = Task.immediate {
      try await store.change(marksOf: bob) { _, _ in
        begun.signal()
        let end = ContinuousClock.now + GroupCommit.slice
        var isAwaited = false
        while .now < end || !isAwaited {
          Thread.sleep(forTimeInterval: 0.001)
          isAwaited = try turnstile.lock.isLocked(0..<1)
        }
      }
    }
    // The second change never ends if it is in the same transaction.
    let next = Task.immediate { try await store.change(marksOf: bob) { _, _ in done.waitOrFail() } }
    held.signal()
    await begun.waited()
    let receipt = try await other.append(draft("between"))
    done.signal()
    #expect(receipt.seq == 2)
    for change in [before, slow, next] { try await change.value }
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
      await #expect(throws: StoreError.deadlinePassed) { try await store.read(before: late, body) }
      try await store.read(before: .now + .seconds(600), body)
      try await store.read(body)
    }
    try await store.close()
  }
}

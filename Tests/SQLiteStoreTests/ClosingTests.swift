import Inbox
import SQLiteStore
import Testing

/// The behaviour of a closed store.
struct ClosingTests {
  @Test func callsAfterClosingAreUnavailable() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    try await store.close()
    let closed = StoreError.unavailable("the store is closed")
    await #expect(throws: closed) { try await store.append(draft()) }
    await #expect(throws: closed) { try await store.messages() }
    await #expect(throws: closed) { try await store.mark(.read) }
    await #expect(throws: closed) { try await store.retract(MessageName(log: team, seq: 1)) }
    await #expect(throws: closed) { try await store.checkup() }
    try await store.close()
  }

  @Test func aStoreThatWasForgottenLetsGoOfItsFile() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    for n in 1...20 {
      #expect(try await SQLiteStore(path: path).append(draft()).seq == n)
    }
    let store = try SQLiteStore(path: path)
    #expect(try await store.messages().count == 20)
    try await store.close()
  }
}

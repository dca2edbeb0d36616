import Foundation
import Inbox
import SQLiteStore
import Testing

/// A file that is restored from a copy has another past than the one that was followed.
struct RestoredFileTests {
  private let folder: ScratchFolder
  private let path: String
  private let copy: String

  init() throws {
    folder = try ScratchFolder()
    path = folder.path("a.db")
    copy = folder.path("copy.db")
  }

  private func use<Value>(_ body: (SQLiteStore) async throws -> Value) async throws -> Value {
    let store = try SQLiteStore(path: path)
    let value = try await body(store)
    try await store.close()
    return value
  }

  private func send(_ count: Int) async throws {
    try await use { store async throws in for n in 1...count { _ = try await store.append(draft("\(n)")) } }
  }

  private func backUp() throws { try FileManager.default.copyItem(atPath: path, toPath: copy) }

  private func restore() throws {
    for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
      try FileManager.default.removeItem(atPath: path + suffix)
    }
    try FileManager.default.copyItem(atPath: copy, toPath: path)
  }

  private func cursor() async throws -> ChangeCursor {
    try await use { store async throws in
      let cursor = try await store.read { try ChangeCursor($0.state(of: bob), $0) }
      return try #require(ChangeCursor(text: cursor.text))
    }
  }

  private func changes(since cursor: ChangeCursor) async throws -> Changes {
    try await use { store async throws in
      try await store.read { try $0.state(of: bob).changes(since: cursor, limit: 100, $0) }
    }
  }

  @Test(arguments: [1, 4, 5, 6, 8]) func aCursorFromLaterExpires(_ sends: Int) async throws {
    try await send(5)
    let kept = try await cursor()
    try backUp()
    try await send(5)
    let lost = try await cursor()
    try restore()
    try await send(sends)
    await #expect(throws: ChangeCursorExpired.self) { try await changes(since: lost) }
    // A cursor from before the copy was made continues.
    #expect(try await changes(since: kept).changes.count == sends)
  }

  @Test func otherRetractionsAreAnotherPast() async throws {
    try await send(9)
    func retract(_ numbers: [Int]) async throws {
      try await use { store async throws in
        for seq in numbers { #expect(try await store.retract(MessageName(log: team, seq: seq))) }
      }
    }
    try await retract([1])
    let kept = try await cursor()
    try backUp()
    try await retract([2, 3])
    let lost = try await cursor()
    try restore()
    try await retract([4, 3, 5])
    await #expect(throws: ChangeCursorExpired.self) { try await changes(since: lost) }
    let events = try await changes(since: kept).changes.map(\.event)
    #expect(events == [4, 3, 5].map { .removed(MessageName(log: team, seq: $0), .retracted) })
  }

  @Test func otherMarksOfTheSameVersionAreTold() async throws {
    try await send(3)
    try backUp()
    try await use { store async throws in #expect(try await store.mark(.read) == 3) }
    let followed = try await cursor()
    try restore()
    try await use { store async throws in #expect(try await store.mark(.seen) == 3) }
    let changes = try await changes(since: followed)
    #expect(changes.changes.map(\.event) == [.marked])
    #expect(changes.changes.first?.counts.unread == 3)
  }
}

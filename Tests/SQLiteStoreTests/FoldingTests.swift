import Foundation
import Inbox
import Locks
import Testing

@testable import SQLiteStore

/// The write-ahead log is limited in size, and folded into the database when nobody writes.
struct FoldingTests {
  private static func logSize(_ path: String) -> Int { FileStatus(FilePath(path + "-wal"))?.size ?? 0 }

  /// The content of the database file alone, without the files beside it.
  private static func messages(inACopyOf path: String, _ folder: ScratchFolder) async throws -> [String?] {
    let copy = folder.path(UUID().uuidString)
    try ScratchFolder.write(try Data(contentsOf: URL(filePath: path)), copy)
    let store = try SQLiteStore(path: copy)
    let messages = try await store.messages().map(\.body.content)
    try await store.close()
    return messages
  }

  /// Appends a draft. A reader that the system holds up for long is as one that hangs, for that long.
  private static func append(_ draft: Draft, _ store: SQLiteStore) async throws -> Receipt {
    while true {
      do {
        return try await store.append(draft)
      } catch StoreError.unavailable(let why) where why.contains("hangs") {
        try Task.checkCancellation()
      }
    }
  }

  private static func waitUntilItIsFolded(_ path: String) async throws {
    while logSize(path) > 0 { try await Task.sleep(for: .milliseconds(20)) }
  }

  @Test(.timeLimit(.minutes(10)))
  func theFileAloneIsWholeAfterAWhile() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    for n in 1...3 {
      _ = try await store.append(draft("\(n)"))
      try await Self.waitUntilItIsFolded(path)
      #expect(try await Self.messages(inACopyOf: path, folder) == (1...n).map { "\($0)" })
    }
    try await store.close()
  }

  @Test(.timeLimit(.minutes(10)))
  func whoComesAndGoesFoldsBesideOneThatIsIdle() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let idle = try SQLiteStore(path: path)
    #expect(try await idle.messages().isEmpty)
    let text = String(repeating: "x", count: 60 << 10)
    for n in 1...40 {
      let store = try SQLiteStore(path: path)
      #expect(try await store.append(draft(text)).seq == n)
      try await store.close()
      #expect(Self.logSize(path) < 1 << 20)
    }
    #expect(try await Self.messages(inACopyOf: path, folder).count == 40)
    #expect(try await idle.messages().count == 40)
    try await idle.close()
  }

  @Test(.timeLimit(.minutes(10)))
  func whatAProcessLeavesThatWasKilledIsFoldedByAnIdleOne() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let idle = try SQLiteStore(path: path)
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let store = try SQLiteStore(path: path)
      _ = try await store.append(draft("left"))
      kill(getpid(), SIGKILL)
    }
    try await Self.waitUntilItIsFolded(path)
    #expect(try await Self.messages(inACopyOf: path, folder) == ["left"])
    try await idle.close()
  }

  @Test(.timeLimit(.minutes(10)))
  func aReaderThatHangsBoundsTheLogAndLosesNothing() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let limit = 1 << 20
    let store = try SQLiteStore(
      path: FilePath(path), readers: 1, patience: .seconds(10), logLimit: limit)
    _ = try await store.append(draft("first"))
    let reading = DispatchSemaphore(value: 0)
    let over = DispatchSemaphore(value: 0)
    let view = Task {
      try await store.read { reader in
        let before = try reader.state(of: bob).shared.head
        reading.signal()
        over.waitOrFail()
        return (before, try reader.state(of: bob).shared.head)
      }
    }
    await reading.waited()
    let text = String(repeating: "x", count: 60 << 10)
    var count = 1
    let error = await #expect(throws: StoreError.self) {
      while count < 1000 {
        _ = try await store.append(draft(text))
        count += 1
      }
    }
    guard case .unavailable(let why) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(why.contains("hangs"))
    #expect(Self.logSize(path) < limit + (1 << 19))
    over.signal()
    #expect(try await view.value == (1, 1))
    #expect(try await store.append(draft()).seq == count + 1)
    #expect(Self.logSize(path) < limit)
    try await store.close()
    #expect(try await Self.messages(inACopyOf: path, folder).count == count + 1)
  }

  @Test(.timeLimit(.minutes(10)))
  func readersThatComeAndGoDontKeepTheLogFromBeingEmptied() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let limit = 1 << 20
    let store = try SQLiteStore(path: FilePath(path), readers: 4, patience: .seconds(10), logLimit: limit)
    let text = String(repeating: "x", count: 60 << 10)
    let isOver = Locked(false)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          while !isOver.withLock({ $0 }) { _ = try await store.read { try $0.state(of: bob) } }
        }
      }
      // Whatever happens, the reading tasks end.
      defer { isOver.withLock { $0 = true } }
      for n in 1...100 {
        #expect(try await Self.append(draft(text), store).seq == n)
        #expect(Self.logSize(path) < limit + (1 << 19))
      }
      isOver.withLock { $0 = true }
      try await group.waitForAll()
    }
    try await store.close()
  }
}

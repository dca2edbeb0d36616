import Foundation
import Inbox
import Locks
import Testing

@testable import SQLiteStore

/// Who watches a store is told of what it commits, and of what others commit to its file.
struct WatchTests {
  @Test func aChangeIsToldBeforeItsCallerGoesOn() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    let wakes = Wakes(of: store)
    let everyone = try await store.append(draft(), to: [.everyone, bob.own])
    #expect(wakes.soFar.contains(of: [.everyone, bob.own]))
    #expect(everyone.count == 2)
    _ = try await store.mark(.read)
    #expect(wakes.soFar.dropFirst().contains(of: [bob.own]))
    #expect(try await store.retract(MessageName(log: .everyone, seq: 1)))
    #expect(wakes.soFar.dropFirst(2).contains(of: [.everyone]))
    wakes.watch.end()
    try await store.close()
  }

  @Test func whatChangesNothingIsNotTold() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    _ = try await store.append(draft(key: "k"))
    _ = try await store.mark(.read)
    let told = Locked(Set<Wake>())
    let watch = store.watch { wake in told.withLock { _ = $0.insert(wake) } }
    // Nothing is written.
    #expect(try await store.append(draft(key: "k")).duplicate)
    #expect(try await store.mark(.read) == 0)
    await #expect(throws: StoreError.conflict(team)) {
      try await store.append(
        Draft(body: draft().body, key: "k", digest: [9]), to: [LogName.everyone, team])
    }
    await #expect(throws: StoreError.notFound) { try await store.retract(MessageName(log: team, seq: 9)) }
    // The transaction is rolled back: the disk is full.
    try await store.limitPages(to: 1)
    let text = String(repeating: "x", count: 60_000)
    let large = Draft(body: MessageBody(type: "note", content: text, data: "{}"))
    await #expect(throws: StoreError.self) { try await store.append(large) }
    #expect(told.withLock { $0 }.isEmpty)
    // One that fails takes nothing of its group with it.
    try await store.limitPages(to: 100_000)
    _ = try await store.append(draft(), to: .everyone)
    #expect(told.withLock { $0 }.contains(of: [.everyone]))
    watch.end()
    try await store.close()
  }

  /// As when a damaged file is repaired.
  @Test func aChangeOfAnythingIsEverything() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let (store, other) = (try SQLiteStore(path: path), try SQLiteStore(path: path))
    for wakes in [Wakes(of: store), Wakes(of: other)] {
      try await store.write(size: 0) { _ in
        Decision(value: ()) { connection throws(StoreError) in
          try connection.execute("CREATE TABLE IF NOT EXISTS a (b)")
          try connection.execute("INSERT INTO a VALUES (1)")
        }
      }
      await wakes.expectEverything()
      wakes.watch.end()
    }
    for store in [store, other] { try await store.close() }
  }

  @Test func anUnknownOutcomeIsTold() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(path: path)
    _ = try await store.append(draft())
    let wakes = Wakes(of: store)
    await #expect {
      try await store.change(marksOf: bob) { _, state in
        state.join(from: .now)
        try FileManager.default.removeItem(atPath: path + "-wal")
      }
    } throws: { error in
      if case .outcomeUnknown = error as? StoreError { true } else { false }
    }
    #expect(wakes.soFar.contains(of: [bob.own]))
    wakes.watch.end()
    try await store.close()
  }

  @Test func anotherStoreOnTheFileIsTold() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let stores = [try SQLiteStore(path: path), try SQLiteStore(path: path)]
    for (store, other) in [(stores[0], stores[1]), (stores[1], stores[0])] {
      let wakes = Wakes(of: store)
      for round in 0..<50 {
        _ = try await other.append(draft())
        await wakes.expect([team])
        _ = try await other.mark(round.isMultiple(of: 2) ? .read : .seen)
        // In between the store's own, which hides no other one.
        _ = try await store.append(draft(), to: .everyone)
        _ = try await other.append(draft(), to: bob.own)
        await wakes.expect([.everyone, bob.own])
      }
      wakes.watch.end()
    }
    for store in stores { try await store.close() }
  }

  @Test func manyLogsAtOnce() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let (store, other) = (try SQLiteStore(path: path), try SQLiteStore(path: path))
    let wakes = Wakes(of: store)
    for count in [1, 61, 62, 63, 64, 500, 2500, 6000] {
      let names = (0..<count).map { LogName.account(Text("\(count) \($0)")) }
      _ = try await other.append(draft(), to: names)
      await wakes.expect(names)
    }
    wakes.watch.end()
    for store in [store, other] { try await store.close() }
  }

  @Test func manyCommitsAtOnce() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let (store, other) = (try SQLiteStore(path: path), try SQLiteStore(path: path))
    let wakes = Wakes(of: store)
    let names = (0..<400).map { LogName.account(Text("user \($0)")) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, name) in names.enumerated() {
        group.addTask { _ = try await (index.isMultiple(of: 3) ? store : other).append(draft(), to: name) }
      }
      try await group.waitForAll()
    }
    await wakes.expect(names)
    // One by one.
    for name in names { _ = try await other.append(draft(), to: name) }
    await wakes.expect(names)
    wakes.watch.end()
    for store in [store, other] { try await store.close() }
  }

  /// As is a process that is killed between its commit and what it tells of it.
  @Test func anotherProgramIsFoundOut() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let (store, other) = (try SQLiteStore(path: path), try SQLiteStore(path: path))
    let wakes = Wakes(of: store)
    try TestDatabase.execute(path, "CREATE TABLE a (b)")
    await wakes.expectEverything()
    // Nor is it hidden by commits around it.
    _ = try await store.append(draft())
    try TestDatabase.execute(path, "CREATE TABLE c (d)")
    _ = try await store.append(draft())
    await wakes.expectEverything()
    _ = try await other.append(draft())
    try TestDatabase.execute(path, "CREATE TABLE e (f)")
    _ = try await other.append(draft())
    await wakes.expectEverything()
    _ = try await other.append(draft(), to: .everyone)
    await wakes.expect([.everyone])
    wakes.watch.end()
    for store in [store, other] { try await store.close() }
  }

  @Test func aFileThatIsRestoredInPlaceIsEverything() async throws {
    let folder = try ScratchFolder()
    let (path, copy) = (folder.path("a.db"), folder.path("b.db"))
    let other = try SQLiteStore(path: copy)
    _ = try await other.append(draft("other"))
    try await other.close()
    let store = try SQLiteStore(path: path)
    for _ in 0..<3 { _ = try await store.append(draft("first")) }
    let wakes = Wakes(of: store)
    try TestDatabase.restore(path, from: copy)
    await wakes.expectEverything()
    #expect(try await store.messages().map(\.body.content) == ["other"])
    #expect(try await store.append(draft()).seq == 2)
    await wakes.expect([team])
    wakes.watch.end()
    try await store.close()
  }

  /// What is not watched costs nothing.
  @Test func nothingIsWrittenForNobody() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let (store, other) = (try SQLiteStore(path: path), try SQLiteStore(path: path))
    func size() throws -> Int { try #require(FileStatus(FilePath(path + "-lock"))).size }
    for store in [store, other] { _ = try await store.append(draft()) }
    #expect(try size() == 0)
    // Nor for the store itself.
    let own = Wakes(of: store)
    _ = try await store.append(draft())
    await own.expect([team])
    #expect(try size() == 0)
    _ = try await other.append(draft())
    await own.expect([team])
    #expect(try size() > 4096)
    own.watch.end()
    // What nobody followed for a while is not taken for news.
    let later = Wakes(of: other)
    #expect(try size() == 0)
    later.watch.end()
    for store in [store, other] { try await store.close() }
  }

  @Test func watchersThatComeAndGo() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let (store, other) = (try SQLiteStore(path: path), try SQLiteStore(path: path))
    let wakes = Wakes(of: store)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<4 {
        group.addTask {
          for round in 0..<25 {
            let wakes = Wakes(of: round.isMultiple(of: 2) ? store : other)
            let name = LogName.account(Text("\(index) \(round)"))
            _ = try await (index.isMultiple(of: 2) ? store : other).append(draft(), to: name)
            await wakes.expect([name])
            wakes.watch.end()
            wakes.watch.end()
          }
        }
      }
      try await group.waitForAll()
    }
    await wakes.expect((0..<4).flatMap { index in (0..<25).map { .account(Text("\(index) \($0)")) } })
    wakes.watch.end()
    for store in [store, other] { try await store.close() }
  }

  @Test func aStoreIsClosedWhileItIsWatched() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let other = try SQLiteStore(path: path)
    for round in 0..<20 {
      let store = try SQLiteStore(path: path)
      let wakes = Wakes(of: store)
      async let changes: Void = {
        for _ in 0..<round { _ = try await other.append(draft()) }
      }()
      let last = Task.immediate { try await store.append(draft(), to: .everyone) }
      try await store.close()
      // What was accepted is told.
      _ = try await last.value
      #expect(wakes.soFar.contains(of: [.everyone]))
      wakes.watch.end()
      // One that is closed is quiet.
      Wakes(of: store).watch.end()
      try await changes
    }
    // So is one that was forgotten; the watch may outlive it.
    var forgotten: SQLiteStore? = try SQLiteStore(path: path)
    let wakes = forgotten.map { Wakes(of: $0) }
    forgotten = nil
    _ = try await other.append(draft())
    wakes?.watch.end()
    try await other.close()
  }
}

extension Sequence<Wake> {
  /// Whether each of these logs was told of.
  fileprivate func contains(of logs: [LogName]) -> Bool {
    let told = reduce(into: Set<UInt64>()) { told, wake in
      if case .logs(let logs) = wake { told.formUnion(logs) }
    }
    return logs.allSatisfy { contains(.everything) || told.contains($0.fingerprint) }
  }
}

import CSQLite
import Foundation
import Inbox
import Runtime
import Testing

@testable import SQLiteStore

/// The errors for a caller when SQLite can't do what was asked.
struct FailureTests {
  /// A draft as large as any message may be.
  private var largest: Draft {
    let text = String(repeating: "x", count: 65_500)
    return Draft(body: MessageBody(type: "note", content: text, data: "{\"text\":\"\(text)\"}"))
  }

  @Test func aFullDiskIsUnavailableAndTakesNothingElseWithIt() async throws {
    let folder = try ScratchFolder()
    let store = try SQLiteStore(path: folder.path("a.db"))
    _ = try await store.append(draft("first"))
    try await store.limitPages(to: 40)
    // One group: a change holds the writer until the other calls wait.
    let gate = DispatchSemaphore(value: 0)
    let first = Task.immediate {
      try await store.change(marksOf: bob) { _, _ in gate.waitOrFail() }
    }
    let small = (0..<5).map { n in Task.immediate { try await store.append(draft("\(n)")).seq } }
    let large = Task.immediate {
      try await store.append(largest)
    }
    let later = (5..<10).map { n in Task.immediate { try await store.append(draft("\(n)")).seq } }
    // Twice: if the writer was late, the change was among those that are made again, one by one.
    gate.signal()
    gate.signal()
    try await first.value
    let full = StoreError.unavailable("the disk that holds the database is full: free some space")
    await #expect(throws: full) { try await large.value }
    for (index, call) in (small + later).enumerated() {
      let seq = try await call.value
      #expect(seq == index + 2)
    }
    try await store.limitPages(to: 100_000)
    #expect(try await store.append(largest).seq == 12)
    #expect(try await store.messages().map(\.seq) == Array(1...12))
    try await store.close()
  }

  @Test func aDatabaseThatAnotherProgramHoldsIsUnavailableForAWhile() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(
      path: FilePath(path), clock: systemTime, readers: 1, patience: .milliseconds(50))
    _ = try await store.append(draft("first"))
    let other = try TestDatabase(path)
    try other.execute("BEGIN IMMEDIATE")
    await #expect(throws: StoreError.unavailable("another process keeps the database locked")) {
      try await store.append(draft("refused"))
    }
    // Reads are not affected.
    #expect(try await store.messages().count == 1)
    try other.execute("ROLLBACK")
    #expect(try await store.append(draft("second")).seq == 2)
    try await store.close()
  }

  @Test func aProcessThatHangsInItsTurnMakesTheOthersUnavailable() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    let store = try SQLiteStore(
      path: FilePath(path), clock: systemTime, readers: 1, patience: .milliseconds(50))
    let turnstile = try Turnstile(try DatabaseFile(path: FilePath(path), Trust(allowsSharing: false)))
    var backoff = Backoff(.seconds(60), .local)
    try turnstile.enter(&backoff)
    await #expect {
      try await store.append(draft())
    } throws: { error in
      if case .unavailable(let text) = error as? StoreError { text.contains("busy") } else { false }
    }
    #expect(throws: SQLiteOpenError(FilePath(path), .busy)) {
      try SQLiteStore(path: FilePath(path), clock: systemTime, readers: 1, patience: .milliseconds(50))
    }
    turnstile.leave()
    #expect(try await store.append(draft()).seq == 1)
    try await store.close()
  }

  @Test func logsEndAtTheirLastNumber() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.db")
    var store = try SQLiteStore(path: path)
    _ = try await store.append(draft())
    try await store.close()
    try TestDatabase.execute(
      path, "UPDATE log SET head = 4294967294; UPDATE message SET position = (1 << 32) + 4294967294")
    store = try SQLiteStore(path: path)
    #expect(try await store.append(draft("last")).seq == 4_294_967_295)
    await #expect(throws: StoreError.logFull) { try await store.append(draft()) }
    #expect(try await store.messages().map(\.seq) == [4_294_967_294, 4_294_967_295])
    try await store.close()

    try TestDatabase.execute(path, "UPDATE log SET id = 2147483646")
    store = try SQLiteStore(path: path)
    #expect(try await store.append(draft(), to: .everyone).seq == 1)
    await #expect(throws: StoreError.tooManyLogs) { try await store.append(draft(), to: .account("a")) }
    #expect(try await store.messages(of: .everyone).count == 1)
    try await store.close()
  }

  @Test(arguments: [
    (SQLITE_FULL, "unavailable", "unavailable"),
    (SQLITE_BUSY, "unavailable", "unavailable"),
    (SQLITE_BUSY | (1 << 8), "unavailable", "unavailable"),
    (SQLITE_READONLY | (3 << 8), "unavailable", "unavailable"),
    (SQLITE_CORRUPT | (1 << 8), "damaged", "damaged"),
    (SQLITE_NOTADB, "damaged", "outcomeUnknown"),
    // Bytes that were not written are not a commit; a flush that failed may have been one.
    (SQLITE_IOERR | (3 << 8), "unavailable", "unavailable"),
    (SQLITE_IOERR | (4 << 8), "unavailable", "outcomeUnknown"),
    (SQLITE_IOERR, "unavailable", "outcomeUnknown"),
    (SQLITE_NOMEM, "unavailable", "outcomeUnknown"),
    (SQLITE_TOOBIG, "limitReached", "outcomeUnknown"),
  ])
  func codesMean(code: Int32, error: String, commitError: String) {
    #expect("\(SQLiteError(code).error)".hasPrefix(error))
    #expect("\(SQLiteError(code).commitError)".hasPrefix(commitError))
  }
}

extension SQLiteStore {
  /// Limits the size of the database, as a full disk would.
  func limitPages(to count: Int) async throws {
    try await write(size: 0) { connection in
      try connection.database.execute("PRAGMA max_page_count = \(count)")
      return Decision(value: ())
    }
  }
}

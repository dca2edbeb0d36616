import Foundation
import Inbox
import Locks
import MemoryStore
import Mongo
import MongoStore
import MongoSupport
import Runtime
import SQLiteStore
import Testing

/// The stores that must fulfil the contract. Another store is one more case.
enum StoreUnderTest: String, CaseIterable, CustomTestStringConvertible {
  case memory
  case sqlite
  /// A replica set of one member.
  case mongo
  /// A standalone MongoDB server: no snapshots, no retryable writes.
  case mongoStandalone

  var testDescription: String { rawValue }

  /// Runs a test on a new, empty store, and removes the store's data afterwards.
  func run(
    clock: ManualClock = ManualClock(), _ body: (any ExaminedStore) async throws -> Void
  ) async throws {
    switch self {
    case .memory:
      try await body(MemoryStore(clock: clock.wallClock))
    case .sqlite:
      let folder = FileManager.default.temporaryDirectory.appending(path: "tidings-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let store = try SQLiteStore(path: folder.appending(path: "contract.db").path, clock: clock.wallClock)
      let result: Result<Void, any Error>
      do { result = .success(try await body(store)) } catch { result = .failure(error) }
      try await store.close()
      try FileManager.default.removeItem(at: folder)
      try result.get()
    case .mongo: try await runOnMongo(.replicaSet(), clock, body)
    case .mongoStandalone: try await runOnMongo(.standalone, clock, body)
    }
  }

  /// Whether the appends of one call to several logs become visible at once.
  var appendsAreAtomic: Bool {
    switch self {
    case .memory, .sqlite: true
    case .mongo, .mongoStandalone: false
    }
  }

  private func runOnMongo(
    _ topology: TestMongod.Topology, _ clock: ManualClock, _ body: (any ExaminedStore) async throws -> Void
  ) async throws {
    let mongod = try await TestMongod.shared(topology)
    // All tests run at the same time, on few cores: a call that waits for a thread may wait long.
    try await withDatabase(mongod, options: "waitQueueTimeoutMS=600000") { uri in
      let store = try MongoStore(uri: uri, logger: .quiet, clock: clock.wallClock)
      let result: Result<Void, any Error>
      do { result = .success(try await body(store)) } catch { result = .failure(error) }
      try await store.close()
      try result.get()
    }
  }
}

/// A clock that tells the time that a test sets.
final class ManualClock: Sendable {
  private let now = Locked<Timestamp>(1_000_000)

  var wallClock: WallClock { { self.now.withLock { $0 } } }

  func set(_ time: Timestamp) { now.withLock { $0 = time } }
}

let team = LogName.team("t")
let ann = Inbox(user: "ann", team: "t")
let bob = Inbox(user: "bob", team: "t")

func draft(
  _ content: String = "hello", type: Text = "note", sender: Text? = "ann", receiver: Text? = nil,
  key: Text? = nil, digest: [UInt8] = [UInt8](repeating: 1, count: 32)
) -> Draft {
  Draft(
    body: MessageBody(type: type, sender: sender, receiver: receiver, content: content), key: key,
    digest: key == nil ? [] : digest)
}

extension MessageStore {
  /// Appends to one log.
  func append(_ draft: Draft, to log: LogName = team) async throws -> Receipt {
    try await append(draft, to: [log])[0]
  }

  /// Every message of a log.
  func messages(of log: LogName = team) async throws -> [Message] {
    try await read { try $0.messages(in: log, SequenceSet(1, through: .max)) }
  }

  func state(of inbox: Inbox) async throws -> InboxState {
    try await read { try $0.state(of: inbox) }
  }

  func mark(
    _ flag: MarkChange.Flag, _ target: MarkChange.Target = .all, in inbox: Inbox = bob
  ) async throws -> Int {
    try await change(marksOf: inbox) { reader, state in
      try MarkChange(flag, target).apply(to: &state, reader)
    }
  }
}

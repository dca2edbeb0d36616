import Foundation
import Locks
import Mongo
import MongoSupport
import Testing

@Suite("The pool")
struct MongoClientPoolTests {
  /// Holds a thread until the gate is opened.
  final class Gate: Sendable {
    private let begun = DispatchSemaphore(value: 0)
    private let open = DispatchSemaphore(value: 0)

    /// Called on a pool's thread, which may block.
    func pass() {
      begun.signal()
      #expect(open.wait(timeout: .now() + .seconds(600)) == .success)
    }

    func waitUntilBegun() async {
      await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
          #expect(self.begun.wait(timeout: .now() + .seconds(600)) == .success)
          continuation.resume()
        }
      }
    }

    func letGo() { open.signal() }
  }

  /// Counts the calls that are inside, and the greatest number at once.
  final class Counter: Sendable {
    private let state = Locked((now: 0, most: 0))

    var most: Int { state.withLock { $0.most } }

    func enter() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }

    func leave() { state.withLock { $0.now -= 1 } }
  }

  @Test("many calls at once use no more threads than allowed")
  func concurrency() async throws {
    try await withPool(TestMongod.shared(.replicaSet()), options: "maxPoolSize=4&waitQueueTimeoutMS=600000") {
      pool in
      let running = Counter()
      try await withThrowingTaskGroup(of: Int64.self) { group in
        for number in 0..<200 {
          group.addTask {
            try await pool.run { session in
              running.enter()
              defer { running.leave() }
              try session.insertMany("log", [["_id": .int64(Int64(number))]]).get()
              return try session.count("log", filter: ["_id": .int64(Int64(number))])
            }
          }
        }
        for try await count in group { #expect(count == 1) }
      }
      #expect(running.most <= 4)
      #expect(try await pool.run { try $0.count("log", filter: [:]) } == 200)
    }
  }

  @Test("a cancelled call that waits never runs; one that runs ends as it ends")
  func cancellation() async throws {
    try await withPool(TestMongod.shared(.replicaSet()), options: "maxPoolSize=1") { pool in
      let gate = Gate()
      let ran = Counter()
      let running = Task {
        try await pool.run { session in
          gate.pass()
          return session.isCancelled
        }
      }
      await gate.waitUntilBegun()
      let waiting = Task { try await pool.run { _ in ran.enter() } }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      running.cancel()
      gate.letGo()
      #expect(try await running.value)
      _ = try await pool.run { try $0.rawCommand(["ping": 1]) }
      #expect(ran.most == 0)
    }
  }

  @Test("a full queue refuses, a deadline ends the waiting")
  func bounds() async throws {
    try await withPool(TestMongod.shared(.replicaSet()), options: "maxPoolSize=1", queueLimit: 1) { pool in
      let gate = Gate()
      let running = Task { try await pool.run { _ in gate.pass() } }
      await gate.waitUntilBegun()
      let past = await failure { try await pool.run(deadline: .now) { _ in } }
      #expect(past?.kind == .deadlineExceeded && past?.outcome == .known)
      let soon = await failure { try await pool.run(deadline: .now + .milliseconds(50)) { _ in } }
      #expect(soon?.kind == .deadlineExceeded && soon?.outcome == .known)
      // Two calls for one place: the one that comes second is refused.
      let kinds = await withTaskGroup(of: MongoError.Kind?.self) { group in
        for _ in 0..<2 { group.addTask { await failure { try await pool.run { _ in } }?.kind } }
        var kinds: [MongoError.Kind?] = []
        for await kind in group {
          kinds.append(kind)
          gate.letGo()
        }
        return kinds
      }
      #expect(kinds.contains(.overloaded) && kinds.contains(nil))
      try await running.value
    }
  }

  @Test("a read is stopped by the server at its deadline, a write isn't sent after it")
  func deadline() async throws {
    try await withPool(TestMongod.shared(.replicaSet())) { pool in
      _ = try await pool.run { try $0.insertMany("log", [["_id": 1]]).get() }
      let slow: BSONDocument = ["$where": "function() { while (true) {} }"]
      let read = await failure {
        try await pool.run(deadline: .now + .milliseconds(100)) { try $0.find("log", filter: slow, limit: 1) }
      }
      #expect(read?.kind == .deadlineExceeded && read?.outcome == .known && read?.isRetryable == true)
      let write = try await begun { deadline in
        try await pool.run(deadline: deadline) { session in
          #expect(throws: MongoError.self) { try session.find("log", filter: slow, limit: 1) }
          return session.insertMany("log", [["_id": 2]])
        }
      }
      #expect(write.error?.kind == .deadlineExceeded && write.outcome == .known)
      #expect(try await pool.run { try $0.count("log", filter: [:]) } == 1)
    }
  }

  /// Runs a call that begins before its deadline: one that does not is made again, with more time.
  private func begun<R>(_ call: (ContinuousClock.Instant) async throws -> R) async throws -> R {
    var time = Duration.milliseconds(100)
    while true {
      do {
        return try await call(.now + time)
      } catch let error as MongoError where error.kind == .deadlineExceeded {
        time *= 2
      }
    }
  }

  @Test("closing fails what waits, lets what runs end, and is done once")
  func close() async throws {
    let mongod = try await TestMongod.shared(.replicaSet())
    let pool = MongoClientPool(
      try MongoURI(mongod.uri(database: "none", options: "maxPoolSize=1")), logger: .quiet)
    let gate = Gate()
    let running = Task {
      try await pool.run { session in
        gate.pass()
        return try session.count("log", filter: [:])
      }
    }
    await gate.waitUntilBegun()
    let waiting = Task { await failure { try await pool.run { _ in } }?.kind }
    async let closed: Void = pool.close()
    async let again: Void = pool.close()
    #expect(await waiting.value == .closed)
    gate.letGo()
    #expect(try await running.value == 0)
    _ = await (closed, again)
    await pool.close()
    #expect(await failure { try await pool.run { _ in } }?.kind == .closed)
  }

  @Test(
    "a server that was never there gives unavailable within the selection timeout, and closing still works")
  func nobody() async throws {
    let uri = try MongoURI("mongodb://user:s3cret@127.0.0.1:1/x?serverSelectionTimeoutMS=300")
    let pool = MongoClientPool(uri, logger: .quiet)
    let kinds = await withTaskGroup(of: MongoError?.self) { group in
      for _ in 0..<100 { group.addTask { await failure { try await pool.run { _ in } } } }
      return await group.reduce(into: [MongoError?]()) { $0.append($1) }
    }
    #expect(kinds.allSatisfy { $0?.kind == .unavailable && $0?.isRetryable == true })
    #expect(kinds.allSatisfy { $0?.message.contains("s3cret") == false })
    await pool.close()
  }

  @Test("a name that DNS doesn't know gives unavailable")
  func noName() async throws {
    let uri = try MongoURI("mongodb+srv://u:s3cret@db.nowhere.invalid/x?serverSelectionTimeoutMS=300")
    let pool = MongoClientPool(uri, logger: .quiet)
    let error = await failure { try await pool.run { _ in } }
    #expect(error?.kind == .unavailable)
    await pool.close()
  }

  @Test("a pool that nobody closes ends by itself")
  func forgotten() async throws {
    let mongod = try await TestMongod.shared(.replicaSet())
    var pool: MongoClientPool? = MongoClientPool(
      try MongoURI(mongod.uri(database: "none")), logger: .quiet)
    _ = try await pool?.run { try $0.count("log", filter: [:]) }
    pool = nil
  }
}

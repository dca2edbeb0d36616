import Foundation
import Inbox
import Mongo
import MongoSupport
import Testing

@testable import MongoStore

let team = LogName.team("t")
let bob = Inbox(user: "bob", team: "t")
let topologies: [TestMongod.Topology] = [.replicaSet(), .standalone]

func draft(_ content: String, sender: Text? = "ann", receiver: Text? = nil, key: Text? = nil) -> Draft {
  Draft(
    body: MessageBody(type: "note", sender: sender, receiver: receiver, content: content), key: key,
    digest: key == nil ? [] : MessageJudge.digest)
}

extension MessageJudge {
  /// The digest of every message, so that a key stands for any.
  static let digest = [UInt8](repeating: 7, count: 32)
  static let test = MessageJudge(
    digest: { _ in digest }, isData: { $0.hasPrefix("{") && $0.hasSuffix("}") })
}

extension ExaminedStore {
  func checkup() async throws -> [Finding] { try await checkup(.test) }
  func verify(repairs: Bool = false) async throws -> FaultTally {
    try await verify(Verification(.test, repairs: repairs)).faults
  }
}

/// Opens stores on a new database, runs `body`, then closes the stores and drops the database.
func withStores(
  _ mongod: TestMongod, _ count: Int = 1, options: String = "waitQueueTimeoutMS=600000",
  patience: Duration = .seconds(20), _ body: ([MongoStore]) async throws -> Void
) async throws {
  try await withDatabase(mongod, options: options) { uri in
    let stores = try (0..<count).map { _ in try MongoStore(uri: uri, logger: .quiet, patience: patience) }
    let result: Result<Void, any Error>
    do { result = .success(try await body(stores)) } catch { result = .failure(error) }
    for store in stores { try await store.close() }
    try result.get()
  }
}

extension MongoStore {
  func state(of inbox: Inbox = bob) async throws -> InboxState {
    try await read { try $0.state(of: inbox) }
  }

  func messages(of log: LogName = team) async throws -> [Message] {
    try await read { try $0.messages(in: log, SequenceSet(1, through: .max)) }
  }

  /// Runs commands of the driver layer on the store's own threads.
  func session<R: Sendable>(_ body: @escaping @Sendable (MongoSession) throws -> R) async throws -> R {
    try await access.run { session, _ in try body(session) }
  }
}

extension MongoStore {
  /// Runs commands of the driver layer, whatever the state of the database.
  func examine<R: Sendable>(_ body: @escaping @Sendable (MongoSession) throws -> R) async throws -> R {
    try await access.examine { session in
      session.collectionUUIDs = [:]
      return try body(session)
    }
  }
}

/// Repeats a call that may be repeated, for at most four minutes.
func persistently<R>(_ body: () async throws -> R) async throws -> R {
  let end = ContinuousClock.now + .seconds(240)
  while true {
    do {
      return try await body()
    } catch StoreError.unavailable where .now < end {
      try await Task.sleep(for: .milliseconds(20))
    } catch StoreError.outcomeUnknown where .now < end {
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}

/// Checks that no message is missing, none is there twice, and their times are in order.
func expectWhole(_ messages: [Message], _ contents: [String]) {
  #expect(messages.map(\.seq) == Array(1...max(1, messages.count)).prefix(messages.count).map { $0 })
  #expect(messages.map { $0.body.content ?? "" }.sorted() == contents.sorted())
  #expect(zip(messages, messages.dropFirst()).allSatisfy { $0.time <= $1.time })
}

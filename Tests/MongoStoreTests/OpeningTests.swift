import Inbox
import Mongo
import MongoSupport
import Testing

@testable import MongoStore

/// The start of a store, and its errors while there is no server.
@Suite(.serialized)
struct OpeningTests {
  @Test(arguments: [
    "mongodb://", "mongodb://h:1:2/", "http://h", "mongodb://u:s3cret@@h/d", "mongodb://h/a b",
  ])
  func aBadURIIsRefused(_ uri: String) {
    do {
      _ = try MongoStore(uri: uri, logger: .quiet)
      Issue.record("it was taken")
    } catch {
      #expect(!error.description.contains("s3cret"))
    }
  }

  @Test func severalAtOnceMakeEverythingOnce() async throws {
    try await withStores(try await .shared(.replicaSet()), 6) { stores in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for store in stores {
          group.addTask {
            let isReady = try await store.prepare()
            #expect(isReady)
          }
        }
        try await group.waitForAll()
      }
      #expect(try await stores[0].checkup().allSatisfy { $0.isWell })
    }
  }

  @Test(arguments: [
    (7, MongoStoreOpenError.newerVersion(found: 7, known: 3)), (1, .olderVersion(found: 1, known: 3)),
    (-1, .olderVersion(found: -1, known: 3)),
  ]) func anotherLayoutIsRefused(_ version: Int, _ refusal: MongoStoreOpenError) async throws {
    try await withDatabase(try await .shared(.replicaSet())) { uri in
      let first = try MongoStore(uri: uri, logger: .quiet)
      #expect(try await first.prepare())
      _ = try await first.session { session in
        try session.updateOne(
          "tidings_schema", filter: [:], update: ["$set": ["version": .int64(Int64(version))]]
        ).get()
      }
      try await first.close()
      let second = try MongoStore(uri: uri, logger: .quiet)
      await #expect(throws: refusal) {
        try await second.prepare()
      }
      await #expect(throws: StoreError.self) { try await second.append(draft("a"), to: [team]) }
      try await second.close()
    }
  }

  @Test func credentialsAndRightsAreChecked() async throws {
    let mongod = try await TestMongod.start(.standalone, arguments: ["--auth"])
    try await mongod.command([
      "createUser": "root", "pwd": "r00t", "roles": [["role": "root", "db": "admin"]],
    ])
    for (user, role) in [("reader", "read"), ("writer", "readWrite")] {
      try await mongod.command(
        user: "root:r00t",
        ["createUser": .string(user), "pwd": "s3cret", "roles": [["role": .string(role), "db": "some"]]])
    }
    func prepare(_ user: String) async throws -> Bool {
      let uri = mongod.uri(database: "some", user: user, options: "authSource=admin")
      let store = try MongoStore(uri: uri, logger: .quiet)
      let result: Result<Bool, any Error>
      do { result = .success(try await store.prepare()) } catch { result = .failure(error) }
      try await store.close()
      return try result.get()
    }
    await #expect(throws: MongoStoreOpenError.credentials) { try await prepare("writer:wr0ng") }
    await #expect(throws: MongoStoreOpenError.rights) { try await prepare("reader:s3cret") }
    #expect(try await prepare("writer:s3cret"))
    await mongod.stop()
  }

  /// Connections belong to a user that is gone, and not to the new user of the same name.
  @Test func aUserIsDroppedAndMadeAnew() async throws {
    let mongod = try await TestMongod.start(.standalone, arguments: ["--auth"])
    try await mongod.command([
      "createUser": "root", "pwd": "r00t", "roles": [["role": "root", "db": "admin"]],
    ])
    let create: BSONDocument = [
      "createUser": "writer", "pwd": "s3cret", "roles": [["role": "readWrite", "db": "some"]],
    ]
    try await mongod.command(user: "root:r00t", create)
    let uri = mongod.uri(database: "some", user: "writer:s3cret", options: "authSource=admin")
    let store = try MongoStore(uri: uri, logger: .quiet)
    #expect(try await store.prepare())
    // Several connections.
    try await withThrowingTaskGroup(of: Void.self) { group in
      for n in 1...8 { group.addTask { _ = try await store.append(draft("a"), to: [.team(Text("\(n)"))]) } }
      try await group.waitForAll()
    }
    for hasCallsBetween in [true, false] {
      try await mongod.command(user: "root:r00t", ["dropUser": "writer"])
      if hasCallsBetween {
        await #expect(throws: StoreError.self) { try await store.append(draft("b"), to: [team]) }
        await #expect(throws: StoreError.self) { try await store.state() }
      }
      try await mongod.command(user: "root:r00t", create)
      _ = try await persistently {
        try await store.append(draft("c", key: Text("\(hasCallsBetween)")), to: [team])
      }
      _ = try await persistently { try await store.state() }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for n in 1...8 {
          group.addTask {
            _ = try await persistently { try await store.append(draft("d"), to: [.team(Text("\(n)"))]) }
          }
        }
        try await group.waitForAll()
      }
    }
    #expect(try await store.state().shared.head == 2)
    try await store.close()
    await mongod.stop()
  }

  @Test func aServerThatComesLaterIsUsed() async throws {
    let mongod = try await TestMongod.start(.replicaSet())
    await mongod.kill(member: 0)
    let uri = mongod.uri(database: "late", options: "serverSelectionTimeoutMS=1000")
    let store = try MongoStore(uri: uri, logger: .quiet)
    #expect(try await store.prepare() == false)
    for _ in 0..<3 {
      await #expect(throws: StoreError.self) { try await store.append(draft("a"), to: [team]) }
      await #expect(throws: StoreError.self) { try await store.state() }
    }
    try mongod.launch(member: 0)
    let receipts = try await persistently { try await store.append(draft("b", key: "b"), to: [team]) }
    #expect(receipts.map(\.seq) == [1])
    #expect(try await persistently { try await store.state() }.shared.head == 1)
    try await store.close()
    await mongod.stop()
  }
}

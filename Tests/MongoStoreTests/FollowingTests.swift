import Foundation
import Inbox
import Locks
import Mongo
import MongoSupport
import Testing

@testable import MongoStore

/// What a listener of a store was told.
private final class Told: Sendable {
  let watch: Watch
  private let wakes: AsyncStream<Wake>
  private let total: Locked<Int>

  init(_ store: MongoStore) {
    let ((stream, continuation), total) = (AsyncStream<Wake>.makeStream(), Locked(0))
    (wakes, self.total) = (stream, total)
    watch = store.watch { wake in
      total.withLock { $0 += 1 }
      continuation.yield(wake)
    }
  }

  /// The number of wakes so far.
  var count: Int { total.withLock { $0 } }

  /// Waits for a wake for everything.
  func everything() async { for await wake in wakes where wake == .everything { return } }

  /// Returns the wakes up to the first one for this log alone.
  func through(_ log: LogName) async -> [Wake] {
    var told: [Wake] = []
    for await wake in wakes {
      told.append(wake)
      if wake == .logs([log]) { break }
    }
    return told
  }

  /// Waits until `condition` holds, looking only after a wake.
  func wait(until condition: () async throws -> Bool) async throws {
    for await _ in wakes { if try await persistently(condition) { return } }
  }
}

/// Stores that are told what others change.
@Suite(.timeLimit(.minutes(10)))
struct FollowingTests {
  private static let end = LogName.account("end")

  private func mark(_ store: MongoStore) async throws {
    _ = try await store.change(marksOf: bob) { reader, state in
      try MarkChange(.read, .all).apply(to: &state, reader)
    }
  }

  /// The wakes for what `change` does, by this store.
  private let changes: [Wake] = [
    .logs([team]), .logs([bob.own]), .logs([team]), .logs([bob.own]), .logs([bob.own]), .logs([team]),
  ]

  private func change(_ store: MongoStore) async throws {
    for log in [team, bob.own, team] { _ = try await store.append(draft("a", sender: "x"), to: [log]) }
    try await mark(store)
    _ = try await store.append(draft("b", sender: "x"), to: [bob.own])
    #expect(try await store.retract(MessageName(log: team, seq: 1)))
    // Nothing of this concerns anybody.
    try await mark(store)
    try await mark(store)
    #expect(try await store.retract(MessageName(log: team, seq: 1)) == false)
  }

  @Test func anotherStoreIsToldOfEachChangeOnce() async throws {
    try await withStores(try await .shared(.replicaSet()), 2) { stores in
      let told = Told(stores[0])
      await told.everything()
      try await stores[1].session { session in
        try session.insertMany("other", [["log": .binary(team.encoded)]]).get()
        try session.updateOne("other", filter: [:], update: ["$set": ["log": 1]]).get()
        try session.insertMany("tidings_leases", [["_id": 1]]).get()
      }
      try await change(stores[1])
      _ = try await stores[1].append(draft("end"), to: [Self.end])
      var wakes = await told.through(Self.end)
      // The second change of marks covers the second own message.
      #expect(wakes.popLast() == .logs([Self.end]))
      #expect(wakes == changes + [.logs([bob.own])])
      told.watch.end()
    }
  }

  @Test func aStoreIsToldOfItsOwnChangesOnce() async throws {
    try await withStores(try await .shared(.replicaSet()), 2) { stores in
      let told = Told(stores[0])
      await told.everything()
      try await change(stores[0])
      // The stream comes to this one behind all others.
      _ = try await stores[1].append(draft("end"), to: [Self.end])
      var wakes = await told.through(Self.end)
      #expect(wakes.popLast() == .logs([Self.end]))
      #expect(wakes == changes + [.logs([bob.own])])
      told.watch.end()
    }
  }

  /// Two stores change the same logs and marks, and lose races against one another.
  @Test(arguments: topologies)
  func whoReadsAfterEachWakeSeesTheEnd(_ topology: TestMongod.Topology) async throws {
    try await withStores(try await .shared(topology), 2) { stores in
      let told = stores.map(Told.init)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for n in 0..<120 {
          let store = stores[n % 2]
          group.addTask { _ = try await persistently { try await store.append(draft("\(n)"), to: [team]) } }
          group.addTask { try await persistently { try await mark(store) } }
        }
        try await group.waitForAll()
      }
      for store in stores { try await mark(store) }
      for (store, told) in zip(stores, told) {
        try await told.wait {
          let state = try await store.state()
          return state.shared.head == 120 && state.counts.unread == 0
        }
        told.watch.end()
      }
    }
  }

  @Test func whatChangedDuringAnOutageIsTold() async throws {
    let mongod = try await TestMongod.start(.replicaSet())
    try await withStores(mongod, 2) { stores in
      _ = try await stores[1].append(draft("1", key: "1"), to: [team])
      let told = Told(stores[0])
      await told.everything()
      await mongod.kill(member: 0)
      try mongod.launch(member: 0)
      _ = try await persistently { try await stores[1].append(draft("2", key: "2"), to: [team]) }
      try await told.wait { try await stores[0].state().shared.head == 2 }
      // Once the stream is there again it goes on.
      for n in 3...4 {
        if n == 4 {
          try await mongod.command([
            "configureFailPoint": "failCommand", "mode": ["times": 1],
            "data": ["failCommands": ["getMore"], "errorCode": 286],
          ])
          await told.everything()
        }
        _ = try await persistently {
          try await stores[1].append(draft("\(n)", key: Text("\(n)")), to: [team])
        }
        try await told.wait { try await stores[0].state().shared.head == n }
      }
      // While it is followed, the database is removed and made anew.
      try await stores[1].examine { try $0.dropDatabase() }
      await told.everything()
      _ = try await persistently { try await stores[1].append(draft("new", key: "new"), to: [team]) }
      try await told.wait { try await stores[0].state().shared.head == 1 }
      told.watch.end()
    }
    await mongod.stop()
  }

  @Test func electionsLoseNoWake() async throws {
    let mongod = try await TestMongod.start(.replicaSet(members: 3))
    try await withStores(mongod, 2, options: "serverSelectionTimeoutMS=5000&socketTimeoutMS=3000") { stores in
      let told = Told(stores[0])
      await told.everything()
      var count = 0
      func expectMore() async throws {
        for _ in 0..<20 {
          count += 1
          let (n, store) = (count, stores[1])
          _ = try await persistently { try await store.append(draft("\(n)", key: Text("\(n)")), to: [team]) }
        }
        let expected = count
        try await told.wait { try await stores[0].state().shared.head == expected }
      }
      try await expectMore()
      _ = try await mongod.command(
        member: try await mongod.primary(), ["replSetStepDown": 5, "force": true])
      try await expectMore()
      let second = try await mongod.primary()
      await mongod.kill(member: second)
      try await expectMore()
      try mongod.launch(member: second)
      let third = try await mongod.primary()
      mongod.suspend(member: third)
      try await expectMore()
      mongod.resume(member: third)
      try await expectMore()
      told.watch.end()
    }
    await mongod.stop()
  }

  /// A read at a frozen primary lasts until its socket's timeout: the stream does not wait for that.
  @Test func aFrozenPrimaryHoldsUpNoWake() async throws {
    let mongod = try await TestMongod.start(.replicaSet(members: 3))
    try await withDatabase(mongod, options: "heartbeatFrequencyMS=500&socketTimeoutMS=600000") { uri in
      let store = try MongoStore(uri: uri, logger: .quiet)
      _ = try await store.append(draft("1"), to: [team])
      let told = Told(store)
      await told.everything()
      let first = try await mongod.primary()
      mongod.suspend(member: first)
      // By the new primary.
      await told.everything()
      let other = try MongoStore(uri: uri, logger: .quiet)
      _ = try await persistently { try await other.append(draft("2", key: "2"), to: [team]) }
      _ = await told.through(team)
      #expect(try await store.state().shared.head == 2)
      mongod.resume(member: first)
      told.watch.end()
      try await other.close()
      try await store.close()
    }
    await mongod.stop()
  }

  /// Without change streams everything may have changed, until nobody watches; but not while the server changes nothing.
  @Test func aStandaloneServerIsLookedAtTwiceASecond() async throws {
    let mongod = try await TestMongod.start(.standalone)
    try await withStores(mongod, 2) { stores in
      let told = Told(stores[0])
      await told.everything()
      var own: Int64 = 0
      // The looks of the store: all that were taken, without those that are taken here.
      func looks() async throws -> Int64 {
        own += 1
        let metrics = try await mongod.command(["serverStatus": 1]).get("metrics").document()
        return try metrics.get("commands").document().get("serverStatus").document().get("total").int64()
          - own
      }
      // Some looks after the last change nothing is told any more.
      var count = -1
      while count != told.count {
        count = told.count
        let end = try await looks() + 4
        while try await looks() < end { try await Task.sleep(for: .milliseconds(50)) }
      }
      _ = try await persistently { try await stores[1].append(draft("1", key: "1"), to: [team]) }
      while told.count == count { await told.everything() }
      told.watch.end()
      told.watch.end()
      let again = Told(stores[0])
      await again.everything()
      let facts = try await stores[0].checkup().filter { $0.isWell }.map { "\($0)" }
      #expect(facts.contains { $0.contains("looked for twice a second (only a replica set") })
      // The store is closed while somebody watches.
    }
    await mongod.stop()
  }

  @Test func aUserWithoutTheRightIsServedAllTheSame() async throws {
    let key = FileManager.default.temporaryDirectory.appending(path: "tidings-key-\(UUID().uuidString)")
    _ = FileManager.default.createFile(
      atPath: key.path, contents: Data("0123456789".utf8), attributes: [.posixPermissions: 0o600])
    defer { unlink(key.path) }
    let mongod = try await TestMongod.start(.replicaSet(), arguments: ["--keyFile", key.path])
    let root = "root:r00t"
    // Until there is a primary, only that is asked for.
    while try await mongod.command(["hello": 1]).get("isWritablePrimary").bool() == false {}
    try await mongod.command([
      "createUser": "root", "pwd": "r00t", "roles": [["role": "root", "db": "admin"]],
    ])
    let first = try MongoStore(
      uri: mongod.uri(database: "some", user: root, options: "authSource=admin"), logger: .quiet)
    _ = try await persistently { try await first.append(draft("1", key: "1"), to: [team]) }
    let privileges = Collection.allCases.map { collection -> BSONValue in
      [
        "resource": ["db": "some", "collection": .string(collection.rawValue)],
        "actions": ["find", "insert", "update", "remove", "listIndexes"],
      ]
    }
    let all: BSONValue = ["resource": ["db": "some", "collection": ""], "actions": ["listCollections"]]
    try await mongod.command(
      user: root,
      ["createRole": "few", "privileges": .array(try BSONArray(privileges + [all])), "roles": []])
    try await mongod.command(user: root, ["createUser": "user", "pwd": "s3cret", "roles": ["few"]])
    let store = try MongoStore(
      uri: mongod.uri(database: "some", user: "user:s3cret", options: "authSource=admin"), logger: .quiet)
    let told = Told(store)
    for _ in 0..<3 { await told.everything() }
    _ = try await persistently { try await first.append(draft("2", key: "2"), to: [team]) }
    try await told.wait { try await store.state().shared.head == 2 }
    let facts = try await store.checkup().map { "\($0)" }
    #expect(facts.contains { $0.contains("this user lacks the right changeStream") })
    try await store.close()
    try await first.close()
    await mongod.stop()
  }
}

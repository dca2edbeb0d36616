import Inbox
import Mongo
import MongoSupport
import Synchronization
import Testing

@testable import MongoStore

/// Several stores on one database.
struct SharingTests {
  @Test(arguments: topologies)
  func concurrentStoresLeaveNoHole(_ topology: TestMongod.Topology) async throws {
    try await withStores(try await .shared(topology), 4) { stores in
      let logs = [team, .everyone, bob.own]
      try await withThrowingTaskGroup(of: Void.self) { group in
        for n in 0..<400 {
          group.addTask {
            // Each key is used by two stores.
            let store = stores[n % 4]
            _ = try await persistently {
              try await store.append(draft("\(n / 2)", key: Text("\(n / 2)")), to: [logs[n / 2 % 3]])
            }
          }
          group.addTask {
            let name = MessageName(log: team, seq: n % 20 + 1)
            _ = try await persistently {
              try await stores[(n + 1) % 4].change(marksOf: bob) { reader, state in
                guard state.shared.head >= name.seq else { return 0 }
                return try MarkChange(.read, .messages([name])).apply(to: &state, reader)
              }
            }
          }
        }
        try await group.waitForAll()
      }
      for (index, log) in logs.enumerated() {
        expectWhole(
          try await stores[index].messages(of: log), (0..<200).filter { $0 % 3 == index }.map { "\($0)" })
      }
      let states = try await withThrowingTaskGroup(of: InboxState.self) { group in
        for store in stores { group.addTask { try await store.state() } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(states).count == 1)
    }
  }

  @Test func theyCountEachRetractionOnce() async throws {
    try await withStores(try await .shared(.replicaSet()), 3) { stores in
      for n in 1...30 { _ = try await stores[0].append(draft("\(n)"), to: [team]) }
      let done = try await withThrowingTaskGroup(of: Bool.self) { group in
        for n in 0..<180 {
          group.addTask {
            try await stores[n % 3].retract(MessageName(log: team, seq: n / 3 % 30 + 1))
          }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(done == 30)
      #expect(try await stores[1].state().shared.record.retractionCount == 30)
      #expect(try await stores[2].messages().allSatisfy { $0.body.content == nil })
    }
  }

  /// A store that is 20 ms farther from the primary loses every race for the next number: it gets numbers
  /// only by its leases.
  @Test func oneThatIsFartherAwayGetsItsTurn() async throws {
    let mongod = try await TestMongod.shared(.replicaSet())
    let proxy = try DelayingProxy(to: mongod.ports[0], delay: .milliseconds(10))
    defer { proxy.stop() }
    try await withDatabase(mongod) { uri in
      let near = try MongoStore(uri: uri, logger: .quiet)
      let name = try MongoURI(uri).database
      let far = try MongoStore(
        uri: "mongodb://127.0.0.1:\(proxy.port)/\(name)?directConnection=true", logger: .quiet)
      // Both are ready, so that none has an advantage.
      for store in [near, far] { #expect(try await store.state().shared.head == 0) }
      let race = Race()
      async let nearDone = race.run(near, "near") { $0 >= Race.most }
      async let farDone = race.run(far, "far") { $0 >= Race.enough }
      let (nears, fars) = try await (nearDone, farDone)
      expectWhole(
        try await near.messages(),
        Array(repeating: "near", count: nears) + Array(repeating: "far", count: fars))
      #expect(fars >= Race.enough, "starved: \(fars) commits beside \(nears)")
      try await near.close()
      try await far.close()
    }
  }

  /// A race that ends once the far store has made enough commits, or the near one far too many. Each sends one
  /// message after another, so that a message is a commit.
  private final class Race: Sendable {
    static let enough = 5
    static let most = 2000
    private let isOver = Atomic(false)

    /// Returns the number of commits that this store made.
    func run(_ store: MongoStore, _ content: String, until isEnough: @Sendable (Int) -> Bool) async throws
      -> Int
    {
      defer { isOver.store(true, ordering: .relaxed) }
      var count = 0
      while !isOver.load(ordering: .relaxed), !isEnough(count) {
        _ = try await store.append(draft(content), to: [team])
        count += 1
      }
      return count
    }
  }
}

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
            // Each key comes from two stores.
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

  private final class Progress: Sendable {
    let near = Atomic(0)
    let far = Atomic(0)
    let isOver = Atomic(false)
  }

  @Test func oneThatIsFartherAwayGetsItsTurn() async throws {
    let mongod = try await TestMongod.shared(.replicaSet())
    let proxy = try DelayingProxy(to: mongod.ports[0], delay: .milliseconds(10))
    defer { proxy.stop() }
    try await withDatabase(mongod) { uri in
      let near = try MongoStore(uri: uri, logger: .quiet)
      let name = try MongoURI(uri).database
      let far = try MongoStore(
        uri: "mongodb://127.0.0.1:\(proxy.port)/\(name)?directConnection=true", logger: .quiet)
      let progress = Progress()
      // Until the far one has sent as much as it wants: it would wait for ever without a turn.
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            while !progress.isOver.load(ordering: .relaxed) {
              _ = try await near.append(draft("near"), to: [team])
              progress.near.add(1, ordering: .relaxed)
            }
          }
        }
        group.addTask {
          for _ in 0..<30 {
            _ = try await far.append(draft("far"), to: [team])
            progress.far.add(1, ordering: .relaxed)
          }
          progress.isOver.store(true, ordering: .relaxed)
        }
        try await group.waitForAll()
      }
      let nears = progress.near.load(ordering: .relaxed)
      let fars = progress.far.load(ordering: .relaxed)
      expectWhole(
        try await near.messages(),
        Array(repeating: "near", count: nears) + Array(repeating: "far", count: fars))
      #expect(fars == 30)
      try await near.close()
      try await far.close()
    }
  }
}

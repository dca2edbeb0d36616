import Inbox
import Runtime
import Testing

/// Who watches a store is told of every change.
struct WakeContract {
  @Test(arguments: StoreUnderTest.allCases)
  func watchersComeAndGo(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let (first, second) = (Wakes(of: store), Wakes(of: store))
      let logs = (0..<600).map { LogName.account(Text("\($0)")) }
      _ = try await store.append(draft(), to: logs)
      for wakes in [first, second] { await wakes.expect(logs) }
      first.watch.end()
      first.watch.end()
      for round in 0..<10 {
        let log = LogName.account(Text("round \(round)"))
        let third = Wakes(of: store)
        _ = try await store.append(draft(), to: log)
        for wakes in [second, third] { await wakes.expect(log) }
        third.watch.end()
      }
      second.watch.end()
      let last = Wakes(of: store)
      _ = try await store.append(draft())
      await last.expect(team)
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func everyChangeIsFollowedByAWake(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let wakes = Wakes(of: store)
      _ = try await store.append(draft())
      await wakes.expect(team)
      _ = try await store.append(draft(), to: [.account("x"), bob.own])
      await wakes.expect(.account("x"), bob.own)
      _ = try await store.mark(.read)
      await wakes.expect(bob.own)
      _ = try await store.retract(MessageName(log: team, seq: 1))
      await wakes.expect(team)
      wakes.watch.end()
    }
  }

  @Test(arguments: StoreUnderTest.allCases)
  func aStoreIsClosedUnderItsWatches(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      let (first, second) = (Wakes(of: store), Wakes(of: store))
      _ = try await store.append(draft())
      await first.expect(team)
      first.watch.end()
      first.watch.end()
      try await store.close()
      second.watch.end()
      // Nobody is told any more, and nothing is left over.
      Wakes(of: store).watch.end()
    }
  }
}

/// What a listener of a store was told.
final class Wakes: Sendable {
  let watch: Watch
  private let told: AsyncStream<Wake>

  init(of store: any MessageStore) {
    let (stream, continuation) = AsyncStream<Wake>.makeStream()
    told = stream
    watch = store.watch { continuation.yield($0) }
  }

  /// Waits until each of these logs was told of. What was told before counts as well: wakes may come more than once.
  func expect(_ logs: LogName...) async { await expect(logs) }

  func expect(_ logs: [LogName]) async {
    var missing = Set(logs.map(\.fingerprint))
    for await wake in told {
      switch wake {
      case .logs(let fingerprints): missing.subtract(fingerprints)
      case .everything: missing = []
      }
      if missing.isEmpty { return }
    }
  }
}

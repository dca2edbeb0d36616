import Inbox
import Locks

/// What a listener of a store was told.
final class Wakes: Sendable {
  let watch: Watch
  private let all: Locked<[Wake]>
  private let told: AsyncStream<Wake>

  init(of store: any MessageStore) {
    let (stream, continuation) = AsyncStream<Wake>.makeStream()
    let all = Locked([Wake]())
    (told, self.all) = (stream, all)
    watch = store.watch { wake in
      all.withLock { $0.append(wake) }
      continuation.yield(wake)
    }
  }

  /// All that was told so far.
  var soFar: [Wake] { all.withLock { $0 } }

  /// Waits until each of these logs was told of. What was told and not waited for counts as well.
  func expect(_ logs: some Sequence<LogName>) async {
    var missing = Set(logs.map(\.fingerprint))
    for await wake in told {
      switch wake {
      case .logs(let fingerprints): missing.subtract(fingerprints)
      case .everything: missing = []
      }
      if missing.isEmpty { return }
    }
  }

  /// Waits until everything was told of at once.
  func expectEverything() async {
    for await wake in told where wake == .everything { return }
  }
}

import Inbox
import Locks
import MemoryStore

/// A store that counts what is read, fails when it is told to, and wakes whenever a test says so.
final class CountingStore: MessageStore {
  let kind = "memory"
  private let store: MemoryStore
  let reads = Locked(Reads())
  private let listeners = Locked<[Int: @Sendable (Wake) -> Void]>([:])

  /// What was asked for.
  struct Reads: Sendable, Equatable {
    var reads = 0
    var states: [Int] = []
    var messages: [LogName] = []
    var tokens = 0
    /// How many reads are to fail.
    var failing = 0
    /// The inbox whose state is damaged.
    var damaged: Inbox?
    /// The inbox whose state can't be read, for a reason that nobody knows.
    var strange: Inbox?
    /// How many failed.
    var failed = 0
    /// How often somebody began to watch.
    var watches = 0
  }

  init(_ store: MemoryStore = MemoryStore()) { self.store = store }

  /// The number of those who watch.
  var watching: Int { listeners.withLock(\.count) }

  /// Wakes those who watch.
  func wake(_ wake: Wake) {
    for listener in listeners.withLock({ Array($0.values) }) { listener(wake) }
  }

  func read<Value: Sendable>(
    before deadline: ContinuousClock.Instant?, _ body: @escaping @Sendable (any StoreReader) throws -> Value
  ) async throws -> Value {
    let fails = reads.withLock { reads in
      reads.reads += 1
      guard reads.failing > 0 else { return false }
      reads.failing -= 1
      reads.failed += 1
      return true
    }
    if fails { throw StoreError.unavailable("for a test") }
    return try await store.read(before: deadline) { [reads] in
      try body(CountingReader(reader: $0, reads: reads))
    }
  }

  func append(
    _ draft: Draft, to logs: [LogName], progress: (@Sendable (Int) -> Void)?
  ) async throws -> [Receipt] { try await store.append(draft, to: logs, progress: progress) }

  func change<Value: Sendable>(
    marksOf inbox: Inbox, _ body: @escaping @Sendable (any StoreReader, inout InboxState) throws -> Value
  ) async throws -> Value { try await store.change(marksOf: inbox, body) }

  func retract(_ message: MessageName) async throws -> Bool { try await store.retract(message) }

  func watch(_ listener: @escaping @Sendable (Wake) -> Void) -> Watch {
    let number = reads.withLock { reads in
      reads.watches += 1
      return reads.watches
    }
    listeners.withLock { $0[number] = listener }
    let watch = store.watch(listener)
    return Watch { [listeners] in
      watch.end()
      listeners.withLock { _ = $0.removeValue(forKey: number) }
    }
  }

  func restore(_ items: [Restored]) async throws -> Restored.Counts { try await store.restore(items) }
  func close() async throws { try await store.close() }
}

private struct Strange: Error {}

private struct CountingReader: ForwardingReader {
  let reader: any StoreReader
  let reads: Locked<CountingStore.Reads>

  func states(of inboxes: [Inbox]) throws -> [InboxState] {
    let (isDamaged, isStrange) = reads.withLock { reads in
      reads.states.append(inboxes.count)
      return (
        reads.damaged.map(inboxes.contains) ?? false, reads.strange.map(inboxes.contains) ?? false
      )
    }
    if isStrange {
      reads.withLock { $0.failed += 1 }
      throw Strange()
    }
    if isDamaged {
      reads.withLock { $0.failed += 1 }
      throw StoreError.damaged("for a test")
    }
    return try reader.states(of: inboxes)
  }

  func messages(in log: LogName, _ numbers: SequenceSet) throws -> [Message] {
    reads.withLock { $0.messages.append(log) }
    return try reader.messages(in: log, numbers)
  }

  func tokens(in log: LogName, _ numbers: [Int]) throws -> [UInt64] {
    reads.withLock { $0.tokens += 1 }
    return try reader.tokens(in: log, numbers)
  }
}

import Inbox
import Locks
import Runtime

/// A store that keeps everything in memory, for `memory:` and for tests. Its contents are gone when the
/// process ends.
public final class MemoryStore: MessageStore {
  /// See `MessageStore.kind`.
  public let kind = "memory"
  private let clock: WallClock
  // Held for one read or change; neither blocks.
  private let contents = Locked(Contents())
  private let listeners = Listeners<Wake>()

  /// An empty store; `clock` tells the time that is stamped on messages.
  public init(clock: @escaping WallClock = systemTime) {
    self.clock = clock
  }

  /// See `MessageStore.read`.
  public func read<Value: Sendable>(
    before deadline: ContinuousClock.Instant?,
    _ body: @escaping @Sendable (any StoreReader) throws -> Value
  ) async throws -> Value {
    if let deadline, deadline <= .now { throw StoreError.deadlinePassed }
    return try contents.withLock { contents in
      contents.time.advance(to: clock())
      return try body(contents)
    }
  }

  /// See `MessageStore.append`.
  public func append(
    _ draft: Draft, to logs: [LogName], progress: (@Sendable (Int) -> Void)?
  ) async throws -> [Receipt] {
    defer { listeners.tell(.logs(logs)) }
    return try contents.withLock { contents in
      // Conflicts in any log are found before anything is appended.
      let held = try logs.map { try contents.first(of: draft, in: $0) }
      let now = clock()
      return zip(logs, held).map { log, receipt in
        receipt ?? contents.append(draft, to: log, at: now)
      }
    }
  }

  /// See `MessageStore.change`.
  public func change<Value: Sendable>(
    marksOf inbox: Inbox,
    _ body: @escaping @Sendable (any StoreReader, inout InboxState) throws -> Value
  ) async throws -> Value {
    defer { listeners.tell(.logs([inbox.own])) }
    return try contents.withLock { contents in
      contents.time.advance(to: clock())
      var state = contents.state(of: inbox)
      let before = state.marks
      let value = try body(contents, &state)
      if let next = try state.marks.replacing(before) { contents.marks[inbox] = next.marks }
      return value
    }
  }

  /// See `MessageStore.retract`.
  public func retract(_ message: MessageName) async throws -> Bool {
    defer { listeners.tell(.logs([message.log])) }
    return try contents.withLock { contents in
      var log = contents.logs([message.log])[0]
      guard try log.retract(message.seq) else { return false }
      _ = try log.record.bytesToWrite()
      contents.retract(message, log.record)
      return true
    }
  }

  /// See `MessageStore.restore`.
  public func restore(_ items: [Restored]) async throws -> Restored.Counts {
    let plan = try RestorePlan(items)
    defer { listeners.tell(.logs(plan.touched)) }
    return try contents.withLock { contents in
      // All of it is decided before anything is written.
      let logs = try plan.logs.map { try contents.decide($0) }
      let heads = Dictionary(uniqueKeysWithValues: logs.map { ($0.log, $0.head) })
      let marks = try plan.marks.filter { restore in
        let inbox = restore.inbox
        let known = contents.logs([inbox.shared, inbox.own]).map(\.head)
        return try restore.isNew(
          over: contents.marks[inbox] ?? Marks(), shared: heads[inbox.shared] ?? known[0],
          own: heads[inbox.own] ?? known[1])
      }
      for writes in logs { contents.restore(writes) }
      for restore in marks { contents.marks[restore.inbox] = restore.marks }
      return Restored.Counts(logs, marks)
    }
  }

  /// See `MessageStore.watch`.
  public func watch(_ listener: @escaping @Sendable (Wake) -> Void) -> Watch {
    Watch(listeners.add(listener))
  }

  /// See `MessageStore.close`.
  public func close() async throws {}
}

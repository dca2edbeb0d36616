import Inbox
import LibC
import Runtime

/// A store that keeps logs and marks in an SQLite file, for one host. Several processes may use the file at
/// once.
///
/// Acknowledged changes are on the disk: the write-ahead log is flushed with every group of changes. Beside
/// the file lie SQLite's `-wal` and `-shm`, and a `-lock` that coordinates processes. Close the store when it
/// is no longer needed.
public final class SQLiteStore: MessageStore {
  /// `sqlite`.
  public let kind = "sqlite"
  let file: DatabaseFile
  private let threads: StoreThreads
  let clock: SteadyClock

  /// Opens the database at `path`; a missing file is created, readable by its owner only, and a missing
  /// folder is an error. Files that belong to other users, or that other users may read or write, are refused
  /// unless `allowsSharing`. `clock` gives messages their time. Blocks, for a few milliseconds unless other
  /// processes hold the database. Throws a `SQLiteOpenError`, whose description gives the fault in one
  /// sentence.
  public convenience init(
    path: FilePath, allowsSharing: Bool = false, clock: @escaping WallClock = systemTime
  ) throws(SQLiteOpenError) {
    let readers = min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1), 4)
    try self.init(
      path: path, Trust(allowsSharing: allowsSharing), clock: clock, readers: readers, patience: .seconds(10))
  }

  /// Opens the database as `init(path:allowsSharing:clock:)` does, at a path given as text.
  public convenience init(
    path: String, allowsSharing: Bool = false, clock: @escaping WallClock = systemTime
  ) throws(SQLiteOpenError) {
    try self.init(path: FilePath(path), allowsSharing: allowsSharing, clock: clock)
  }

  /// `patience` is the time that a call waits for other processes before it fails; once the write-ahead log
  /// has `logLimit` bytes, changes are refused.
  init(
    path: FilePath, _ trust: Trust = Trust(allowsSharing: false), clock: @escaping WallClock = systemTime,
    readers: Int, patience: Duration, logLimit: Int = 1 << 30
  ) throws(SQLiteOpenError) {
    file = try DatabaseFile(path: path, trust)
    let opened = try OpenDatabase.open(file, readers: readers, patience: patience)
    self.clock = SteadyClock(clock)
    threads = try StoreThreads(opened, self.clock, patience: patience, logLimit: logLimit)
  }

  deinit {
    // If a store was not closed, its threads end once their work is done.
    threads.close()
  }

  /// Runs `body` on a reading thread, in a view of the database that it may share with other queued reads.
  @specialized(where Value == [UInt8])
  public func read<Value: Sendable>(
    before deadline: ContinuousClock.Instant?,
    _ body: @escaping @Sendable (any StoreReader) throws -> Value
  ) async throws -> Value {
    try await readConnection { try $0.read(before: deadline, body) }
  }

  /// Runs `body` as the other `read` does, and calls `done` on the reading thread.
  @specialized(where Value == [UInt8])
  public func read<Value: Sendable>(
    before deadline: ContinuousClock.Instant?,
    _ body: @escaping @Sendable (any StoreReader) throws -> Value,
    done: @escaping @Sendable (Result<Value, any Error>) -> Void
  ) -> (@Sendable () -> Void)? {
    let work = QueuedWork()
    _ = work.enqueue { _ in done(.failure(CancellationError())) }
    let isOpen = threads.add { view in
      guard work.begin() else { return }
      done(Result { try view.get().read(before: deadline, body) })
    }
    if !isOpen, work.begin() { done(.failure(StoreError.closed)) }
    return { work.takeBack() }
  }

  /// Runs `body` on a reading thread, in a transaction: for looking at what is kept as it is.
  func examine<Value: Sendable>(
    _ body: @escaping @Sendable (Connection) throws -> Value
  ) async throws -> Value {
    try await readConnection { connection in
      connection.begin()
      try connection.enter()
      return try body(connection)
    }
  }

  /// Runs `body` on a reading thread.
  @specialized(where Value == [UInt8])
  func readConnection<Value: Sendable>(
    _ body: @escaping @Sendable (Connection) throws -> Value
  ) async throws -> Value {
    try await withQueuedWork { work, continuation in
      let isOpen = threads.add { view in
        guard work.begin() else { return }
        continuation.resume(with: Result { try body(view.get()) })
      }
      if !isOpen, work.begin() { continuation.resume(throwing: StoreError.closed) }
    }
  }

  /// Runs `body` on the writing thread and commits with the next group.
  public func change<Value: Sendable>(
    marksOf inbox: Inbox,
    _ body: @escaping @Sendable (any StoreReader, inout InboxState) throws -> Value
  ) async throws -> Value {
    try await write(.log(inbox.own), size: 1024) { try $0.change(marksOf: inbox, body) }
  }

  /// Retracts with the next group; the message's content is overwritten in the file.
  public func retract(_ message: MessageName) async throws -> Bool {
    try await write(.log(message.log), size: 1024) { try $0.retract(message) }
  }

  /// See `MessageStore.watch`.
  public func watch(_ listener: @escaping @Sendable (Wake) -> Void) -> Watch {
    threads.watch(listener)
  }

  /// Restores with the next group.
  public func restore(_ items: [Restored]) async throws -> Restored.Counts {
    let plan = try RestorePlan(items)
    return try await write(.logs(plan.touched), size: plan.size) { try $0.restore(plan) }
  }

  /// Queues a change of these logs before the first suspension.
  func write<Value: Sendable>(
    _ logs: Write.Logs = .any, size: Int, _ decide: @escaping @Sendable (Connection) throws -> Decision<Value>
  ) async throws -> Value {
    try await withQueuedWork { work, continuation in
      if !threads.add(Write(logs, size: size, work, continuation, decide)), work.begin() {
        continuation.resume(throwing: StoreError.closed)
      }
    }
  }

  /// Finishes the accepted work and closes the connections; later calls are `unavailable`. May be called more
  /// than once.
  public func close() async throws {
    threads.close()
    try await withCheckedThrowingContinuation { threads.whenOver($0) }
  }
}

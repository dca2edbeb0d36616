import Inbox
import Logging
import Mongo
import Runtime

/// A store that keeps logs and marks in MongoDB, for any number of hosts and processes. Close it when it is
/// no longer needed.
///
/// Acknowledged changes are in the journals of a majority. Missing collections and indexes are created. A
/// replica set of 5.0 or later reads whole views at one point in time; 4.4 and standalone servers work too.
public final class MongoStore: MessageStore {
  /// `mongodb`.
  public let kind = "mongodb"
  /// Hosts and database, without credentials.
  public let place: String
  let access: Access
  private let writer: Writer
  private let pool: MongoClientPool
  private let endsWithProcess: Bool
  private let logger: Logger
  private let gatherer: Gatherer
  private let feed: ChangeFeed
  private let largeReads = LargeReads(places: 3)

  /// Creates a store at a connection string; waits for no server. `clock` gives messages their time instead of
  /// the server, for tests. With `endsWithProcess` closing doesn't wait for libmongoc's monitoring threads,
  /// whose end takes half a second: the process must then leave by `_exit`. Throws if the string is not
  /// valid, or if libmongoc isn't there: it is loaded here.
  public convenience init(
    uri: String, logger: Logger, clock: WallClock? = nil, patience: Duration = .seconds(20),
    endsWithProcess: Bool = false
  ) throws(MongoStoreOpenError) {
    try self.init(
      uri: uri, logger: logger, clock: clock, patience: patience, endsWithProcess: endsWithProcess,
      namesCollections: true)
  }

  /// Creates a store. Without `namesCollections` it works as on servers before 6.0, for tests.
  init(
    uri: String, logger: Logger, clock: WallClock? = nil, patience: Duration = .seconds(20),
    endsWithProcess: Bool = false, namesCollections: Bool
  ) throws(MongoStoreOpenError) {
    self.endsWithProcess = endsWithProcess
    self.logger = logger
    do {
      try MongoRuntime.load()
    } catch {
      throw .library(error.description)
    }
    let parsed: MongoURI
    do {
      parsed = try MongoURI(uri)
    } catch {
      throw .uri(error.message)
    }
    for option in parsed.overriddenOptions {
      logger.warning("an option of the MongoDB URI has no effect here", metadata: ["option": "\(option)"])
    }
    for warning in parsed.warnings { logger.warning("\(warning)") }
    place = parsed.description
    pool = MongoClientPool(parsed, queueLimit: 65_536, logger: logger)
    let clock = ServerClock(fixed: clock)
    access = Access(
      pool, clock, patience: parsed.timeouts.serverSelection, namesCollections: namesCollections)
    feed = ChangeFeed(pool, logger)
    let tools = Tools(clock: clock, feed: feed, patience: patience)
    gatherer = Gatherer(access)
    writer = Writer(access, tools)
  }

  /// Waits until the database is ready, or until it is clear that no server can be reached now: then the
  /// first call that finds one makes the database ready. Returns whether it is ready. Throws
  /// `MongoStoreOpenError` for faults that waiting can't heal.
  public func prepare() async throws(MongoStoreOpenError) -> Bool {
    do {
      return try await withThrowingTaskGroup(of: Bool.self) { [access, pool] group in
        group.addTask {
          try await access.run { _, _ in true }
        }
        group.addTask {
          // A member that does not answer says nothing about the others: they get a second. A server that
          // answers may take longer to create collections.
          var (failing, waited) = (0, 0)
          while failing < 50, waited < (pool.isAvailable ? 1500 : 150) {
            try await Task.sleep(for: .milliseconds(20))
            waited += 1
            failing = pool.lastError == nil ? 0 : failing + 1
          }
          return false
        }
        defer { group.cancelAll() }
        return try await group.next() ?? false
      }
    } catch let error as MongoStoreOpenError {
      throw error
    } catch {
      logger.warning("the database can't be used now", metadata: ["why": "\(StoreError(any: error).reason)"])
      return false
    }
  }

  /// Runs `body` with data that is read together with that of other calls. If `body` needs other data, it
  /// runs with a view of its own on one of the pool's threads. So `body` runs more than once.
  public func read<Value: Sendable>(
    before deadline: ContinuousClock.Instant?,
    _ body: @escaping @Sendable (any StoreReader) throws -> Value
  ) async throws -> Value {
    let pass = largeReads.pass()
    defer { pass.end() }
    for _ in 0..<Self.viewsAtMost {
      do {
        return try await readOnce(deadline, pass, body)
      } catch is StaleView {
        continue
      } catch is Crowded {
        try await pass.wait()
      } catch let error as MongoError {
        if deadline != nil, error.kind == .deadlineExceeded { throw CancellationError() }
        throw StoreError(error)
      } catch let error as StoreError where error == .late && deadline != nil {
        throw CancellationError()
      } catch let error as MongoStoreOpenError {
        throw StoreError(any: error)
      }
    }
    throw StoreError.unavailable("messages were retracted faster than they could be read")
  }

  /// Reads in a group, if that is known to be possible: with the deadline of one call no command for several can end.
  public func read<Value: Sendable>(
    before deadline: ContinuousClock.Instant?,
    _ body: @escaping @Sendable (any StoreReader) throws -> Value,
    done: @escaping @Sendable (Result<Value, any Error>) -> Void
  ) -> (@Sendable () -> Void)? {
    guard deadline == nil, access.layout?.server.supportsSnapshotReads == true else { return nil }
    let work = QueuedWork()
    _ = work.enqueue { _ in done(.failure(CancellationError())) }
    GatheredRead(gatherer: gatherer, body: body, work: work, done: done).run(Known(now: access.clock.known()))
    return { work.takeBack() }
  }

  private func readOnce<Value: Sendable>(
    _ deadline: ContinuousClock.Instant?, _ pass: LargeReads.Pass,
    _ body: @escaping @Sendable (any StoreReader) throws -> Value
  ) async throws -> Value {
    var known = Known(now: access.clock.known())
    // Reads are not gathered if a view can't span several commands, or as long as that is not known; nor with
    // a deadline: a command for several calls can't end with the deadline of one.
    if deadline == nil, access.layout?.server.supportsSnapshotReads == true {
      for _ in 0..<Self.roundsAtMost {
        do {
          return try body(MongoReader(known))
        } catch let missing as Missing {
          guard let want = missing.want else { break }
          let (answer, past) = try await gatherer.bring(want)
          guard try known.add(answer, for: want, of: past) else { break }
        }
      }
    }
    return try await access.run(deadline: deadline) { [known] session, layout in
      guard known.isEmpty || known.past == layout.past.number else { throw StaleView() }
      return try body(MongoReader(Source(session, layout), from: known, pass: pass))
    }
  }

  private static let roundsAtMost = 4
  private static let viewsAtMost = 20

  /// Appends with the next group for which these logs are free.
  public func append(
    _ draft: Draft, to logs: [LogName], progress: (@Sendable (Int) -> Void)?
  ) async throws -> [Receipt] {
    guard !logs.isEmpty else { return [] }
    return try await withQueuedWork { work, continuation in
      writer.add(
        .append(
          Append(draft: draft, logs: logs, begin: work.begin, progress: progress) {
            continuation.resume(with: $0.mapError { $0 as any Error })
          }))
    }
  }

  /// Runs `body` together with the other changes that wait for this inbox, and writes the marks by
  /// compare-and-set.
  public func change<Value: Sendable>(
    marksOf inbox: Inbox,
    _ body: @escaping @Sendable (any StoreReader, inout InboxState) throws -> Value
  ) async throws -> Value {
    return try await withQueuedWork { work, continuation in
      writer.add(.marks(MarksWrite(inbox, work, continuation, body)))
    }
  }

  /// Retracts the message in the log's record, then clears its body.
  public func retract(_ message: MessageName) async throws -> Bool {
    return try await withQueuedWork { work, continuation in
      writer.add(
        .retract(
          Retract(name: message, begin: work.begin) {
            continuation.resume(with: $0.mapError { $0 as any Error })
          }))
    }
  }

  /// Restores with the next group, each log from its beginning on.
  public func restore(_ items: [Restored]) async throws -> Restored.Counts {
    let plan = try RestorePlan(items)
    defer { feed.tell(plan.touched, unmade: []) }
    return try await withQueuedWork { work, continuation in
      writer.add(
        .restore(
          Restore(plan: plan, begin: work.begin) {
            continuation.resume(with: $0.mapError { $0 as any Error })
          }))
    }
  }

  /// See `MessageStore.watch`. What others change is told by a change stream of the database.
  public func watch(_ listener: @escaping @Sendable (Wake) -> Void) -> Watch { feed.watch(listener) }

  /// Finishes the accepted work and closes the connections; later calls are `unavailable`. May be called more
  /// than once.
  public func close() async throws {
    await writer.close()
    feed.close()
    // Long enough to tell the server that the sessions end.
    await pool.close(patience: endsWithProcess ? .milliseconds(20) : nil)
  }

  /// Returns the text with everything replaced that may be the user and password of a URL: for errors that
  /// quote somebody's input.
  public static func withoutLogins(_ text: String) -> String { MongoURI.withoutLogins(text) }
}

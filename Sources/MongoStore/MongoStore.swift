import Inbox
import Logging
import Mongo

/// Keeps logs and marks in MongoDB, for any number of hosts and processes. Close it when it is no longer
/// needed.
///
/// What was acknowledged is in the journals of a majority. Collections and indexes are made if missing. A
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
  private let largeReads = LargeReads(places: 3)

  /// How many messages of each log come with the state of an inbox: those of a first page.
  private static let pageSize = GatherRun.newest

  /// A store at a connection string; waits for nothing. `clock` tells the time that messages get instead of
  /// the server, for tests. With `endsWithProcess` closing doesn't wait for libmongoc's monitoring threads,
  /// which takes them half a second: the process then leaves by `_exit`. Throws if the string is not valid.
  public convenience init(
    uri: String, logger: Logger, clock: WallClock? = nil, patience: Duration = .seconds(20),
    endsWithProcess: Bool = false
  ) throws(MongoStoreOpenError) {
    try self.init(
      uri: uri, logger: logger, clock: clock, patience: patience, endsWithProcess: endsWithProcess,
      namesCollections: true)
  }

  /// Without `namesCollections` it works as on servers before 6.0: for tests.
  init(
    uri: String, logger: Logger, clock: WallClock? = nil, patience: Duration = .seconds(20),
    endsWithProcess: Bool = false, namesCollections: Bool
  ) throws(MongoStoreOpenError) {
    self.endsWithProcess = endsWithProcess
    self.logger = logger
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
    access = Access(
      pool, patience: parsed.timeouts.serverSelection, namesCollections: namesCollections)
    let tools = Tools(clock: ServerClock(fixed: clock), patience: patience)
    gatherer = Gatherer(access)
    writer = Writer(access, tools)
  }

  /// Waits until the database is ready, or until it is clear that there is no server now: then it is made
  /// ready by the first call that finds one. Returns whether it is ready. Throws `MongoStoreOpenError` for
  /// what waiting can't heal.
  public func prepare() async throws(MongoStoreOpenError) -> Bool {
    do {
      return try await withThrowingTaskGroup(of: Bool.self) { [access, pool] group in
        group.addTask {
          try await access.run { _, _ in true }
        }
        group.addTask {
          // A member that does not answer says nothing about the others: they get a second. Who answers may
          // take longer to make collections.
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

  /// Runs `body` with what can be brought together with what other calls ask for; if it needs more than that,
  /// with a view of its own on one of the pool's threads. So `body` runs more than once.
  public func read<Value: Sendable>(
    _ body: @escaping @Sendable (any StoreReader) throws -> Value
  ) async throws -> Value {
    let deadline = StoreCall.deadline
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

  private func readOnce<Value: Sendable>(
    _ deadline: ContinuousClock.Instant?, _ pass: LargeReads.Pass,
    _ body: @escaping @Sendable (any StoreReader) throws -> Value
  ) async throws -> Value {
    var gathered = Gathered()
    // Where one view can't come in several commands, or nobody knows yet, there is nothing to gather. A command
    // for several calls can't end with one call's deadline.
    if deadline == nil, access.layout?.server.supportsSnapshotReads == true {
      gathering: for _ in 0..<Self.roundsAtMost {
        do {
          return try body(GatheredView(gathered: gathered))
        } catch let missing as Missing {
          guard let want = missing.want else { break }
          switch (want, try await gatherer.bring(want)) {
          case (.state, .state(let state, let shared, let own, let past)):
            gathered.add(state, shared: shared, own: own, past: past)
          case (.messages(let name, let numbers), .messages(let found, let past)):
            guard past == gathered.past else { throw StaleView() }
            gathered.add(found, of: name, numbers)
          default:
            break gathering
          }
        }
      }
    }
    return try await access.run(deadline: deadline) { [gathered] session, layout in
      guard gathered.state == nil || gathered.past == layout.past.number else { throw StaleView() }
      let view = View(session, layout, newest: Self.pageSize, pass: pass)
      view.take(gathered)
      return try body(view)
    }
  }

  private static let roundsAtMost = 4
  private static let viewsAtMost = 20

  /// Appends with the next group that these logs are free for.
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

  /// Runs `body` with what else waits for this inbox, and writes the marks by compare-and-set.
  public func change<Value: Sendable>(
    marksOf inbox: Inbox,
    _ body: @escaping @Sendable (any StoreReader, inout InboxState) throws -> Value
  ) async throws -> Value {
    try await withQueuedWork { work, continuation in
      writer.add(.change(Change(inbox, work, continuation, body)))
    }
  }

  /// Retracts by the log's record, then clears what the message said.
  public func retract(_ message: MessageName) async throws -> Bool {
    try await withQueuedWork { work, continuation in
      writer.add(
        .retract(
          Retract(name: message, begin: work.begin) {
            continuation.resume(with: $0.mapError { $0 as any Error })
          }))
    }
  }

  /// Finishes what was accepted and closes the connections; calls that come later are `unavailable`. May be
  /// called again.
  public func close() async throws {
    await writer.close()
    // Time enough to tell the server that the sessions end.
    await pool.close(patience: endsWithProcess ? .milliseconds(20) : nil)
  }

  /// The text with whatever may be a user and a password of a URL in it replaced: for errors that quote what
  /// somebody gave.
  public static func withoutLogins(_ text: String) -> String { MongoURI.withoutLogins(text) }

  /// To be called first by a program that links this module, whatever store it uses: see `MongoRuntime`.
  public static func programStarts() { MongoRuntime.hideCounters() }
}

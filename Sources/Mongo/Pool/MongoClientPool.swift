import Logging

/// A pool of threads that each keep a MongoDB client of their own, fed by a bounded queue.
///
/// libmongoc's calls block and its clients belong to one thread at a time, so work is brought to the
/// thread: one hop for as many commands as a body makes.
///
///     let page = try await pool.run { session in
///       try session.find("log", filter: ["log": "a"], sort: ["seq": -1], limit: 12)
///     }
///
/// While there is no primary, work waits for at most `serverSelectionTimeoutMS` and then fails with
/// ``MongoError/Kind/unavailable``; as soon as there is one again, it runs. Making a pool doesn't wait
/// for anything.
public final class MongoClientPool: Sendable {
  let core: PoolCore

  /// Starts a pool.
  ///
  /// - Parameters:
  ///   - uri: The server, the number of threads and the timeouts.
  ///   - queueLimit: The most calls that wait for a thread; more are refused with `overloaded`.
  ///   - logger: Receives libmongoc's log (once for the whole process) and changes of state.
  public init(_ uri: MongoURI, queueLimit: Int = 4096, logger: Logger) {
    MongoRuntime.start(logger: logger)
    MongoRuntime.keepSecret(uri.secrets)
    core = PoolCore(uri, queueLimit: queueLimit, logger: logger)
    core.start()
  }

  deinit {
    // Whoever didn't close the pool doesn't wait for its end; its threads keep what they need.
    core.beginClose(nil, patience: nil)
  }

  /// Runs `body` on one of the pool's threads with that thread's session.
  ///
  /// The body may block. The session must not be used after it returns. Nothing stops a
  /// body that has begun: it is bounded by the deadline for reads (`maxTimeMS`) and by the URI's timeouts.
  ///
  /// - Parameters:
  ///   - deadline: When the caller stops waiting: work that waits until then isn't begun, commands after
  ///     it aren't sent.
  /// - Throws: what `body` throws; ``MongoError`` of kind `unavailable`, `overloaded`, `deadlineExceeded` or
  ///   `closed` if it was not begun; `CancellationError` if the task was cancelled before it began.
  public func run<R: Sendable>(
    deadline: ContinuousClock.Instant? = nil, _ body: @escaping @Sendable (MongoSession) throws -> R
  ) async throws -> R {
    let work = PoolWork(deadline: deadline)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        core.submit(
          PoolJob(work) { turn in
            switch turn {
            case .run(let session): continuation.resume(with: Result { try body(session) })
            case .fail(let error): continuation.resume(throwing: error)
            }
          })
      }
    } onCancel: {
      core.cancel(work)
    }
  }

  /// As ``run(deadline:_:)`` for those who wait in another way: `body` gets a session, or the reason why
  /// there is none. It may be called before this returns.
  public func start(_ body: @escaping @Sendable (Result<MongoSession, any Error>) -> Void) {
    core.submit(
      PoolJob(PoolWork(deadline: nil)) { turn in
        switch turn {
        case .run(let session): body(.success(session))
        case .fail(let error): body(.failure(error))
        }
      })
  }

  /// Whether there is a primary, as far as is known now.
  public var isAvailable: Bool { core.isAvailable }

  /// Whether there is a primary and nobody waits for a thread: whoever has one may do more on it.
  public var hasRoom: Bool { core.hasRoom }

  /// Grows whenever the primary was lost or another was elected: what the servers hold may be another past
  /// then, as after the files of a stopped server were put back.
  public var era: Int { core.era }

  /// Why there is no primary: the last heartbeat's error, if any.
  public var lastError: MongoError? { core.lastError }

  /// Ends the pool: waiting calls fail with `closed`, running ones are waited for, then change streams,
  /// connections and threads end.
  ///
  /// Bounded by the socket timeout of a running command and, without a primary, by one selection timeout.
  ///
  /// - Parameters:
  ///   - patience: How long to wait for the connections' end after the last call: nil for as long as it takes.
  ///     libmongoc's monitoring notices its end only every half second, which is long for a process that ends
  ///     anyway. Such a process must leave by `_exit`: libmongoc's threads still run.
  public func close(patience: Duration? = nil) async {
    await withCheckedContinuation { core.beginClose($0, patience: patience) }
  }
}

import Logging
import Runtime

/// A pool of threads, each with a MongoDB client of its own, fed by a bounded queue.
///
/// libmongoc's calls block, and a client belongs to one thread at a time. So the work is brought to the
/// thread: one hop for all commands of a body.
///
///     let page = try await pool.run { session in
///       try session.find("log", filter: ["log": "a"], sort: ["seq": -1], limit: 12)
///     }
///
/// While there is no primary, work waits for at most `serverSelectionTimeoutMS` and then fails with
/// ``MongoError/Kind/unavailable``; as soon as there is a primary again, it runs. Creating a pool waits for
/// nothing.
public final class MongoClientPool: Sendable {
  let core: PoolCore

  /// Starts a pool.
  ///
  /// - Parameters:
  ///   - uri: The server, the number of threads and the timeouts.
  ///   - queueLimit: The most calls that may wait for a thread; further ones are refused with `overloaded`.
  ///   - logger: Receives libmongoc's log (once for the whole process) and changes of state.
  public init(_ uri: MongoURI, queueLimit: Int = 4096, logger: Logger) {
    MongoRuntime.start(logger: logger)
    Secrets.keep(uri.secrets)
    core = PoolCore(uri, queueLimit: queueLimit, logger: logger)
    core.start()
  }

  deinit {
    // An owner that didn't close the pool doesn't wait for its end; the threads keep what they need.
    core.beginClose(nil, patience: nil)
  }

  /// Runs `body` on one of the pool's threads with that thread's session.
  ///
  /// The body may block. The session must not be used after it returns. Nothing stops a body that has begun:
  /// it is bounded by the deadline for reads (`maxTimeMS`) and by the URI's timeouts.
  ///
  /// - Parameters:
  ///   - deadline: The time until which the caller waits: work that has not begun by then is not begun, and
  ///     no command is sent after it.
  /// - Throws: The error of `body`; ``MongoError`` of kind `unavailable`, `overloaded`, `deadlineExceeded` or
  ///   `closed` if it was not begun; `CancellationError` if the task was cancelled before it began.
  public func run<R: Sendable>(
    deadline: ContinuousClock.Instant? = nil, _ body: @escaping @Sendable (MongoSession) throws -> R
  ) async throws -> R {
    try await withQueuedWork { [core] work, continuation in
      core.submit(
        PoolJob(work, deadline: deadline) { session in
          continuation.resume(with: Result { try body(session.get()) })
        })
    } onTakingBack: { [core] work in
      core.forget(work)
    }
  }

  /// Runs `body` as ``run(deadline:_:)`` does, for callers that wait in another way: `body` gets a session,
  /// or the error if there is none. It may be called before this function returns.
  public func start(_ body: @escaping @Sendable (Result<MongoSession, any Error>) -> Void) {
    core.submit(PoolJob(QueuedWork(), deadline: nil, body))
  }

  /// Whether there is a primary, as far as is known now.
  public var isAvailable: Bool { core.isAvailable }

  /// Whether there is a primary and no work waits for a thread: work that has a thread may then do more on
  /// it.
  public var hasRoom: Bool { core.hasRoom }

  /// A number that grows whenever the primary is lost or another one is elected: the servers may have another
  /// past then, for instance after the files of a stopped server were restored.
  public var era: Int { core.era }

  /// The error of the last heartbeat, if any: the reason why there is no primary.
  public var lastError: MongoError? { core.lastError }

  /// Closes the pool: waiting calls fail with `closed`, running ones are waited for, then change streams,
  /// connections and threads end.
  ///
  /// Bounded by the socket timeout of a running command and, without a primary, by one selection timeout.
  ///
  /// - Parameters:
  ///   - patience: The time to wait for the connections' end after the last call: nil for as long as it
  ///     takes. libmongoc's monitoring notices its end only every half second, which is long for a process
  ///     that ends anyway. Such a process must leave by `_exit`: libmongoc's threads still run.
  public func close(patience: Duration? = nil) async {
    await withCheckedContinuation { core.beginClose($0, patience: patience) }
  }
}

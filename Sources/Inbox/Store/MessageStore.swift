/// A store of logs and marks. A store only reads and writes; this module decides what a request means. Every
/// store passes the same contract suite.
///
/// All methods may be called at any time from any task. `append`, `change`, `retract` and `restore` take their place
/// in the store's order before their first suspension: calls started one after the other take effect in that
/// order.
public protocol MessageStore: Sendable {
  /// The kind of the store: `memory`, `sqlite` or `mongodb`.
  var kind: String { get }

  /// Runs `body` with a view of the store that does not change meanwhile, on a thread where it may block. The
  /// view includes everything acknowledged before the call.
  ///
  /// `deadline` is the time until which the caller waits; nil if it does not say. A read that can be bounded
  /// ends by then, with a `CancellationError` or with `StoreError.deadlinePassed`, and disturbs no other call.
  func read<Value: Sendable>(
    before deadline: ContinuousClock.Instant?,
    _ body: @escaping @Sendable (any StoreReader) throws -> Value
  ) async throws -> Value

  /// Reads as ``read(before:_:)`` does, without a task that waits: `done` gets the result on the thread where `body`
  /// ran. Returns what takes the read back, to be called when nobody waits for it any more; `done` then gets a
  /// `CancellationError`, unless `body` has begun; or `NeedsTask`, if this read turns out to need one. Nil, and nothing
  /// is done, if the store only reads for tasks.
  func read<Value: Sendable>(
    before deadline: ContinuousClock.Instant?,
    _ body: @escaping @Sendable (any StoreReader) throws -> Value,
    done: @escaping @Sendable (Result<Value, any Error>) -> Void
  ) -> (@Sendable () -> Void)?

  /// Appends the draft to each log, durably, and returns a receipt for each in the same order. `logs` are
  /// distinct. An append that is too large for one change is made log by log, in the order of the logs: other
  /// calls may come between, and a failure in the middle is `StoreError.interrupted`.
  ///
  /// If a log already holds the draft's key of the same sender, it keeps its message; if any log holds it
  /// with another digest, nothing is appended and `StoreError.conflict` is thrown. The same key of another
  /// sender is ignored.
  ///
  /// During a long append, `progress` is called now and then with the number of logs that have their message,
  /// which may be part of a change that is not committed yet. It is called from any thread and must not
  /// block; the number may decrease when work has to be repeated.
  func append(
    _ draft: Draft, to logs: [LogName], progress: (@Sendable (Int) -> Void)?
  ) async throws -> [Receipt]

  /// Changes one inbox's marks by a pure function of its state, durably and in one atomic write, and returns
  /// the function's result. The function may run more than once; marks that it leaves unchanged are not
  /// written.
  func change<Value: Sendable>(
    marksOf inbox: Inbox,
    _ body: @escaping @Sendable (any StoreReader, inout InboxState) throws -> Value
  ) async throws -> Value

  /// Retracts a message for everybody: first it is entered in its log's record, then its body is cleared.
  /// Returns false if it was already retracted; throws `StoreError.notFound` if there is no such message.
  func retract(_ message: MessageName) async throws -> Bool

  /// Puts what another store held into this one, durably: messages at their numbers and times with their keys and
  /// digests, records and marks as they are. Afterwards every listing, count, cursor and retry of a key gives what it
  /// gave there, and an append goes on behind the last message. Returns how much was new.
  ///
  /// - Messages of a log must follow its last one without a gap, none earlier than the one before it. An empty log
  ///   begins at its tail. Messages that are retracted enter the log's record in the order of their numbers, until the
  ///   record itself comes: it must hold at least the retractions that the log has.
  /// - A message that the log holds already, with the same content, time and key, is passed over; so are its record
  ///   and its marks if they are the same. So the same call after a failure, or all calls again after a kill, complete
  ///   what is missing.
  /// - It is safe beside running hosts: what they wrote is never replaced. Where the log holds another message at a
  ///   number, another one has its key, its record has other retractions, or the inbox has other marks,
  ///   `StoreError.unfit` says for which log, and nothing of this call is written; with MongoDB some of its logs may
  ///   be, each from its beginning on.
  /// - Logs come first, then marks, whatever the order of the items; those of one log are joined.
  /// - `data` must be a JSON object and `digest` what hosts' calls give, which a store can't check.
  ///
  /// One call is one change, for some thousands of messages and a few megabytes: it holds other writers up.
  func restore(_ items: [Restored]) async throws -> Restored.Counts

  /// Tells `listener` from now on of what changes in the store, whoever changes it: this process, another one, another
  /// host. A wake comes after the change is committed for good, so a read that begins then sees it. Each change is
  /// followed by a wake; there may be more wakes than changes, and one wake for several. Whatever happened while
  /// the store could not be followed is told by one wake for everything once it can. `listener` is called from any thread and must not
  /// block.
  func watch(_ listener: @escaping @Sendable (Wake) -> Void) -> Watch

  /// Finishes the accepted work and closes the store.
  func close() async throws
}

extension MessageStore {
  /// Reads as ``read(before:_:)`` does, for callers that wait as long as it takes.
  public func read<Value: Sendable>(
    _ body: @escaping @Sendable (any StoreReader) throws -> Value
  ) async throws -> Value {
    try await read(before: nil, body)
  }

  /// Reads nothing: the store only reads for tasks.
  public func read<Value: Sendable>(
    before deadline: ContinuousClock.Instant?,
    _ body: @escaping @Sendable (any StoreReader) throws -> Value,
    done: @escaping @Sendable (Result<Value, any Error>) -> Void
  ) -> (@Sendable () -> Void)? { nil }

  /// Appends as ``append(_:to:progress:)`` does, for callers that do not follow the progress.
  public func append(_ draft: Draft, to logs: [LogName]) async throws -> [Receipt] {
    try await append(draft, to: logs, progress: nil)
  }
}

/// A read that was begun without a task can only be made by one: it is to be read again.
public struct NeedsTask: Error {
  /// Creates the error.
  public init() {}
}

/// A store of logs and marks. A store only reads and writes; this module decides what a request means. Every
/// store passes the same contract suite.
///
/// All methods may be called at any time from any task. `append`, `change` and `retract` take their place in
/// the store's order before their first suspension: calls started one after the other take effect in that
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
  /// `CancellationError`, unless `body` has begun. Nil, and nothing is done, if the store only reads for tasks.
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

  /// Examines the store: whether it is sound, and whether it works as it should. Changes nothing that it holds.
  func checkup() async throws -> [Finding]

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

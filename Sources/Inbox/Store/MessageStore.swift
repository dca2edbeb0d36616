/// Where logs and marks are kept. Thin: what a request means is decided by this module, a store reads and
/// writes. Every store passes the same contract suite.
///
/// All methods may be called at any time from any task. `append`, `change` and `retract` take their place
/// in the store's order before their first suspension: calls started one after the other take effect in
/// that order.
public protocol MessageStore: Sendable {
  /// What kind of store it is: `memory`, `sqlite`, `mongodb`.
  var kind: String { get }

  /// Runs `body` with a view of the store that does not change while it runs, on a thread where it may
  /// block. Sees everything acknowledged before the call.
  func read<Value: Sendable>(
    _ body: @escaping @Sendable (any StoreReader) throws -> Value
  ) async throws -> Value

  /// Appends the draft to each log, durably, and returns a receipt for each in the same order. `logs` are
  /// distinct. What is too much for one change is appended log by log, in the order of the logs: others may come
  /// between, and a failure in the middle is `StoreError.interrupted`. A log that holds the draft's key of the same sender already keeps its message; if one of them
  /// holds it with another digest, nothing is appended and `StoreError.conflict` is thrown. Another sender's key
  /// is as if it were not there.
  ///
  /// `progress` is told now and then, if it takes a while, how many of the logs have their message, if only as
  /// a part of what is not committed yet: from any thread, without a wait; it may go back when something has
  /// to be done again.
  func append(
    _ draft: Draft, to logs: [LogName], progress: (@Sendable (Int) -> Void)?
  ) async throws -> [Receipt]

  /// Changes one inbox's marks by a pure function of its state, durably and as one atomic write, and
  /// returns what the function returned. It may run more than once; marks left as they were are not
  /// written.
  func change<Value: Sendable>(
    marksOf inbox: Inbox,
    _ body: @escaping @Sendable (any StoreReader, inout InboxState) throws -> Value
  ) async throws -> Value

  /// Retracts a message for everybody: first its log's record, then its body is cleared. False if it was
  /// retracted before; throws `StoreError.notFound` if there is no such message.
  func retract(_ message: MessageName) async throws -> Bool

  /// Finishes what was accepted and closes the store.
  func close() async throws
}

/// A view of a store during one call of `read` or `change`; used only while that call runs.
public protocol StoreReader {
  /// Tells apart the pasts that a store's logs have had: within one a log only grows, so that what was found up
  /// to a number stays true. After a restore, or where a database was dropped, there is another.
  var past: Int { get }

  /// The state of each inbox, in order.
  func states(of inboxes: [Inbox]) throws -> [InboxState]

  /// The messages with these numbers, ascending. Numbers that the log does not hold are left out.
  func messages(in log: LogName, _ numbers: SequenceSet) throws -> [Message]

  /// The time of each of these numbers, in order; all of them are between the log's tail and head.
  func times(in log: LogName, _ numbers: [Int]) throws -> [Timestamp]

  /// The token of each of these numbers, in order; all of them are between the log's tail and head. A token is
  /// random, and stays with the message: a log that went another way has another one at the same number.
  func tokens(in log: LogName, _ numbers: [Int]) throws -> [UInt64]

  /// The last number whose time is at most `time`; 0 if there is none.
  func last(in log: LogName, notAfter time: Timestamp) throws -> Int

  /// The numbers from `first` through `last` whose field has this value; retracted messages may be among
  /// them.
  func numbers(
    in log: LogName, where field: MessageField, from first: Int, through last: Int
  ) throws -> SequenceSet
}

extension MessageStore {
  /// As ``append(_:to:progress:)``, for whoever does not ask how far it is.
  public func append(_ draft: Draft, to logs: [LogName]) async throws -> [Receipt] {
    try await append(draft, to: logs, progress: nil)
  }
}

/// What messages can be found by.
public enum MessageField: Hashable, Sendable {
  /// Who sent it.
  case sender(Text)
  /// Whom it concerns.
  case receiver(Text)
  /// What kind of message it is.
  case type(Text)
}

extension StoreReader {
  /// The state of one inbox.
  public func state(of inbox: Inbox) throws -> InboxState { try states(of: [inbox])[0] }
}

extension MessageBody {
  /// What this message can be found by.
  public var fields: [MessageField] {
    [sender.map { .sender($0) }, receiver.map { .receiver($0) }, .type(type)].compactMap { $0 }
  }
}

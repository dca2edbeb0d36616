/// A view of a store during one call of `read` or `change`; used only while that call runs.
public protocol StoreReader: StoreListing {
  /// A number that identifies the past of the store's logs: within one past a log only grows, so that what
  /// was found up to a number stays true. After a restore, or after a database was dropped, there is another
  /// past.
  var past: Int { get }

  /// The store's time, the same during the whole read or change. Within a process it never goes back from one
  /// read to the next, and is not before the time of any message that was acknowledged before.
  var now: Timestamp { get throws }

  /// The state of each inbox, in order.
  func states(of inboxes: [Inbox]) throws -> [InboxState]

  /// The state of one inbox.
  func state(of inbox: Inbox) throws -> InboxState

  /// The messages with these numbers, ascending. Numbers that the log does not hold are left out.
  func messages(in log: LogName, _ numbers: SequenceSet) throws -> [Message]

  /// Says that these messages of logs whose states were read will be asked for: a store that asks a server brings them
  /// together. A hint: it changes no answer.
  func prefetch(_ messages: [LogName: SequenceSet]) throws

  /// The time of each of these numbers, in order; all of them are between the log's tail and head.
  func times(in log: LogName, _ numbers: [Int]) throws -> [Timestamp]

  /// The token of each of these numbers, in order; all of them are between the log's tail and head. A token
  /// is random and stays with the message: a log with another history has another token at the same number.
  func tokens(in log: LogName, _ numbers: [Int]) throws -> [UInt64]

  /// The last number whose time is at most `time`; 0 if there is none.
  func last(in log: LogName, notAfter time: Timestamp) throws -> Int

  /// The numbers from `first` through `last` whose field has this value; they may include retracted messages.
  func numbers(
    in log: LogName, where field: MessageField, from first: Int, through last: Int
  ) throws -> SequenceSet
}

/// A field by which messages can be found.
public enum MessageField: Hashable, Sendable {
  /// The sender.
  case sender(Text)
  /// The receiver: the user whom the message concerns.
  case receiver(Text)
  /// The kind of the message.
  case type(Text)
}

extension StoreReader {
  /// Brings nothing: for stores whose messages are near.
  public func prefetch(_ messages: [LogName: SequenceSet]) {}

  /// The state of one inbox, as `states` has it.
  public func state(of inbox: Inbox) throws -> InboxState { try states(of: [inbox])[0] }
}

extension MessageBody {
  /// The fields by which this message can be found.
  public var fields: [MessageField] {
    [sender.map { .sender($0) }, receiver.map { .receiver($0) }, .type(type)].compactMap { $0 }
  }
}

import Inbox

/// A reader of empty logs, for tests: the token of a number is the number, and which numbers a field has is a function.
public struct NumberReader: StoreReader {
  private let matches: @Sendable (ClosedRange<Int>) -> SequenceSet

  /// Creates a reader; `matches` says which of some numbers have the value of a field, whichever field and log.
  public init(_ matches: @escaping @Sendable (ClosedRange<Int>) -> SequenceSet = { _ in SequenceSet() }) {
    self.matches = matches
  }

  public var past: Int { 0 }
  public var now: Timestamp { 0 }
  public func logs(after name: LogName?, limit: Int) -> [LogName] { [] }
  public func inboxes(after inbox: Inbox?, limit: Int) -> [Inbox] { [] }
  public func logs(_ names: [LogName]) -> [LogState] { [] }
  public func entries(in log: LogName, from first: Int, limit: Int) -> [LogEntry] { [] }
  public func held(_ keys: [SenderKey], in log: LogName) -> Set<SenderKey> { [] }
  public func marks(of inboxes: [Inbox]) -> [Marks] { [] }
  public func states(of inboxes: [Inbox]) -> [InboxState] { [] }
  public func messages(in log: LogName, _ numbers: SequenceSet) -> [Message] { [] }
  public func times(in log: LogName, _ numbers: [Int]) -> [Timestamp] { [] }
  public func tokens(in log: LogName, _ numbers: [Int]) -> [UInt64] { numbers.map { UInt64($0) } }
  public func last(in log: LogName, notAfter time: Timestamp) -> Int { 0 }
  public func numbers(
    in log: LogName, where field: MessageField, from first: Int, through last: Int
  ) -> SequenceSet { matches(first...last) }
}

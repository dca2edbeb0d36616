import Inbox

/// A reader of empty logs, for tests: the token of a number is the number, and which numbers a field has is a function.
package struct NumberReader: StoreReader {
  private let matches: @Sendable (ClosedRange<Int>) -> SequenceSet

  /// Creates a reader; `matches` says which of some numbers have the value of a field, whichever field and log.
  package init(_ matches: @escaping @Sendable (ClosedRange<Int>) -> SequenceSet = { _ in SequenceSet() }) {
    self.matches = matches
  }

  package var past: Int { 0 }
  package var now: Timestamp { 0 }
  package func logs(after name: LogName?, limit: Int) -> [LogName] { [] }
  package func inboxes(after inbox: Inbox?, limit: Int) -> [Inbox] { [] }
  package func logs(_ names: [LogName]) -> [LogState] { [] }
  package func entries(in log: LogName, from first: Int, limit: Int) -> [LogEntry] { [] }
  package func held(_ keys: [SenderKey], in log: LogName) -> Set<SenderKey> { [] }
  package func marks(of inboxes: [Inbox]) -> [Marks] { [] }
  package func states(of inboxes: [Inbox]) -> [InboxState] { [] }
  package func messages(in log: LogName, _ numbers: SequenceSet) -> [Message] { [] }
  package func times(in log: LogName, _ numbers: [Int]) -> [Timestamp] { [] }
  package func tokens(in log: LogName, _ numbers: [Int]) -> [UInt64] { numbers.map { UInt64($0) } }
  package func last(in log: LogName, notAfter time: Timestamp) -> Int { 0 }
  package func numbers(
    in log: LogName, where field: MessageField, from first: Int, through last: Int
  ) -> SequenceSet { matches(first...last) }
}

import Caches
import Inbox
import Synchronization

/// A process's memory of one past of the logs. After a drop or a restore there is another past, of which
/// nothing is known: work that still uses the old one fills a past that is no longer read.
final class Past: Sendable {
  /// The number of the past, unique in this process.
  let number: Int
  let heads: Heads
  /// What readers sent, as a majority has it: some tens of thousands of readers' logs, in 16 MiB.
  let sent = MatchIndex(capacity: 1 << 20)
  let inboxes = KeptInboxes()
  private let marks = Decoded<Marks>()
  private let records = Decoded<LogRecord>()
  private let ended = Atomic(false)

  /// Creates a past of at most so many logs.
  init(_ number: Int, logs: Int = 131_072) {
    self.number = number
    heads = Heads(capacity: logs)
  }

  /// Whether nothing that is remembered may be used any more.
  var isOver: Bool { ended.load(ordering: .acquiring) || heads.isFull }

  /// Ends the past: a log is not the one that it was.
  func end() { ended.store(true, ordering: .releasing) }

  /// The marks in a document.
  func marks(_ document: RecordDocument) throws(StoreError) -> Marks {
    var marks = try marks.value(of: document.name, document.body) { _ throws(StoreError) in
      try Marks(document)
    }
    (marks.version, marks.stamp) = (Int(document.version), document.token?.random ?? 0)
    return marks
  }

  /// The log's record in a document.
  func record(_ document: RecordDocument) throws(StoreError) -> LogRecord {
    try records.value(of: document.name, document.body) { _ throws(StoreError) in try LogRecord(document) }
  }

  /// What a reader sent to a log.
  func key(_ user: Text, _ log: LogName) -> MatchIndex.Key { .init(log, .sender(user), past: number) }
}

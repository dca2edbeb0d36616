import Inbox
import Mongo

/// A log, as a run finds it.
struct FoundLog {
  let name: LogName
  /// The number that the log was known to have reached.
  var reached: Int?
  /// Whether it is the log of an inbox that is wanted.
  var decides = false
  /// The messages that are wanted by number.
  var asked = SequenceSet()

  var head = 0
  var record = LogRecord()
  /// The marks of the inbox whose own log this is.
  var marks: RecordDocument?
  /// All messages above `floor`, and those in `asked`; ascending.
  var messages: [MessageDocument] = []
  var floor = 0

  init(name: LogName) { self.name = name }

  /// Forgets what was found in an earlier reply.
  mutating func forget() { (head, record, marks, messages, floor) = (0, LogRecord(), nil, [], 0) }

  /// Whether the log is shorter than it was, for instance after its database was removed.
  var isShorter: Bool { head < reached ?? 0 }

  /// Orders the messages; the last one is the head.
  mutating func sort() {
    messages.sort { $0.message.seq < $1.message.seq }
    head = max(head, messages.last?.message.seq ?? 0)
  }

  /// The log's state, without what a reader sent.
  func state() throws(StoreError) -> LogState {
    let state = LogState(head: head, record: record)
    try state.check()
    return state
  }

  /// The messages that came with the state.
  var stretch: Stretch {
    guard head > 0, !messages.isEmpty else { return Stretch() }
    var covered = SequenceSet(floor + 1, through: head)
    if !asked.isEmpty { covered.formUnion(asked.intersection(1, through: head)) }
    return Stretch(covered: covered, messages: messages)
  }
}

import Inbox
import Mongo

/// A log, as a run finds it.
struct FoundLog {
  let name: LogName
  /// What was known of the log's end before it was read; nil if it was never looked at.
  var end: LogEnd?
  /// The first number that the run asks for, besides those in `asked`.
  var first = 1
  /// Whether it is the log of an inbox that is wanted.
  var decides = false
  /// The messages that are wanted by number.
  var asked = SequenceSet()

  var head = 0
  /// The token of the last message, if that came.
  var token: BSONObjectID?
  /// The last message's sender, if only its place came.
  var last: LastNumber.Sender?
  /// Whether the message that proves the log to be the known one was found.
  private(set) var isProven = false
  var record = LogRecord()
  /// The marks of the inbox whose own log this is.
  var marks: RecordDocument?
  /// All messages above `floor`, and those in `asked`; ascending.
  var messages: [MessageDocument] = []
  var floor = 0

  init(name: LogName) { self.name = name }

  /// Forgets what was found in an earlier reply.
  mutating func forget() {
    (head, token, last, record, marks) = (0, nil, nil, LogRecord(), nil)
    (messages, floor, isProven) = ([], 0, false)
  }

  /// Whether this is not the log that was known, for instance since its database was removed or restored: it is
  /// shorter, or lacks a message that it had.
  var isOther: Bool { decides && head < end?.reached ?? 0 || end?.proof != nil && !isProven }

  /// Notes that the log holds a message.
  mutating func prove(_ seq: Int, _ token: BSONObjectID) {
    if let proof = end?.proof, proof == .init(seq: seq, token: token) { isProven = true }
  }

  /// Adds a message, of which only the token may be wanted.
  mutating func add(_ found: MessageDocument, _ token: BSONObjectID) {
    let seq = found.message.seq
    prove(seq, token)
    guard seq > floor || asked.contains(seq) else { return }
    if seq > head { (head, self.token) = (seq, token) }
    messages.append(found)
  }

  /// Orders the messages.
  mutating func sort() { messages.sort { $0.message.seq < $1.message.seq } }

  /// The log's state, without what a reader sent.
  func state() throws(StoreError) -> LogState {
    let state = LogState(head: head, record: record)
    try state.check()
    return state
  }

  /// The number above which the sender of each message is known.
  var sendersFloor: Int { last == nil ? floor : min(floor, head - 1) }

  /// The numbers above `least` and the floor that a user sent.
  func sent(by user: Text, above least: Int) -> [Int] {
    if let last { return last.user == user && head > least ? [head] : [] }
    return messages.lazy.map(\.message).filter { $0.seq > least && $0.body.sender == user }.map(\.seq)
  }

  /// The messages that came with the state.
  var stretch: Stretch {
    let last = token.map { (head, $0.random) }
    guard head > 0, !messages.isEmpty else { return Stretch(last: last) }
    var covered = SequenceSet(floor + 1, through: head)
    if !asked.isEmpty { covered.formUnion(asked.intersection(1, through: head)) }
    return Stretch(covered: covered, messages: messages, last: last)
  }
}

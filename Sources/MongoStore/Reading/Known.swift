import Inbox
import Mongo

/// What a reader asks for.
enum Want: Sendable {
  /// The states of inboxes at one moment; if it is one inbox, with the newest messages of its logs.
  case inboxes([Inbox])
  /// Messages of a log by number.
  case messages(LogName, SequenceSet)

  /// The inbox, if it is the state of one that is asked for.
  var inbox: Inbox? {
    if case .inboxes(let inboxes) = self, inboxes.count == 1 { inboxes[0] } else { nil }
  }
}

/// What was found for a `Want`.
enum Answer: Sendable {
  case inboxes([FoundInbox])
  case messages([MessageDocument])
  /// It can't be read together with what others want, or only after a new look at the database.
  case alone
}

/// The state of an inbox, and the messages that came with it.
struct FoundInbox: Sendable {
  var state: InboxState
  /// The token of the last change of the marks.
  var marksToken: BSONObjectID?
  var shared = Stretch()
  var own = Stretch()
}

extension FoundInbox {
  /// What was kept of an inbox.
  init(_ kept: KeptInbox) {
    self.init(
      state: kept.state, marksToken: kept.marksToken,
      shared: Stretch(last: kept.lastShared, usualSize: kept.sizeShared),
      own: Stretch(last: kept.lastOwn, usualSize: kept.sizeOwn))
  }

  /// What is worth keeping.
  var kept: KeptInbox {
    KeptInbox(
      state: state, marksToken: marksToken, lastShared: shared.last, lastOwn: own.last,
      sizeShared: shared.averageSize, sizeOwn: own.averageSize)
  }
}

/// Messages of one log: all existing messages with the numbers in `covered`, ascending.
struct Stretch: Sendable {
  var covered = SequenceSet()
  var messages: [MessageDocument] = []
  /// The number and the token of the last message of the log, if they are known.
  var last: (seq: Int, token: UInt64)?

  /// About how many bytes a message of this log had before, if none came now; 0 if nobody knows.
  var usualSize = 0

  /// About how many bytes a message has, as far as these tell.
  var averageSize: Int {
    messages.isEmpty ? usualSize : messages.reduce(0) { $0 + $1.message.body.size } / messages.count
  }
}

/// The data that one reader has so far. The first look at a log decides where it ends. A value: it outlives the
/// thread on which it was found.
struct Known: Sendable {
  private struct Log {
    var state: LogState
    var stretch: Stretch
  }

  /// The read's time, the same all the while; nil if the server has to be asked.
  var now: Timestamp?
  /// The past of the data; data of another past can't be combined with it.
  private(set) var past = 0
  private var states: [Inbox: InboxState] = [:]
  private var marksTokens: [Inbox: BSONObjectID] = [:]
  private var logs: [LogName: Log] = [:]

  init(now: Timestamp? = nil) { self.now = now }

  var isEmpty: Bool { states.isEmpty }

  func state(of inbox: Inbox) -> InboxState? { states[inbox] }

  func marksToken(of inbox: Inbox) -> BSONObjectID? { marksTokens[inbox] }

  /// Where a log ends and what its record holds, if that was looked at.
  func log(_ name: LogName) -> LogState? { logs[name]?.state }

  /// Enters a log; returns it as this reader sees it.
  mutating func pin(_ name: LogName, _ state: LogState) -> LogState {
    if let known = logs[name] { return known.state }
    logs[name] = Log(state: state, stretch: Stretch())
    return state
  }

  func stretch(of name: LogName) -> Stretch? { logs[name]?.stretch }

  /// Adds what was found for a want; false if nothing was.
  mutating func add(_ answer: Answer, for want: Want, of past: Int) throws(StaleView) -> Bool {
    guard isEmpty || past == self.past else { throw StaleView() }
    switch (want, answer) {
    case (.inboxes, .inboxes(let found)):
      self.past = past
      for inbox in found { try add(inbox) }
    case (.messages(let name, let numbers), .messages(let found)):
      logs[name]?.stretch.add(found, numbers)
    default: return false
    }
    return true
  }

  private mutating func add(_ found: FoundInbox) throws(StaleView) {
    var state = found.state
    let inbox = state.inbox
    for side in Inbox.Side.allCases {
      let name = inbox.log(side)
      if let known = logs[name]?.state {
        // Marks of messages that came after the first look.
        guard state.folded(side) <= known.head else { throw StaleView() }
        let sent = state[side].sent.intersection(1, through: known.head)
        state[side] = LogState(head: known.head, record: known.record, sent: sent)
      } else {
        logs[name] = Log(state: state[side], stretch: side == .shared ? found.shared : found.own)
      }
    }
    states[inbox] = state
    if let token = found.marksToken { marksTokens[inbox] = token }
  }
}

extension Stretch {
  /// Adds all messages with these numbers.
  fileprivate mutating func add(_ found: [MessageDocument], _ numbers: SequenceSet) {
    messages.append(
      contentsOf: found.filter { numbers.contains($0.message.seq) && !covered.contains($0.message.seq) })
    messages.sort { $0.message.seq < $1.message.seq }
    covered.formUnion(numbers)
  }
}

extension InboxState {
  /// The log on one side.
  subscript(side: Inbox.Side) -> LogState {
    get { log(side) }
    set { if side == .shared { shared = newValue } else { own = newValue } }
  }

  func folded(_ side: Inbox.Side) -> Int {
    side == .shared ? marks.shared.folded : marks.own.folded
  }
}

import Inbox

/// The data that one reader's view has so far. A value: the view reports missing data as `Missing`, and it is
/// asked for together with that of others.
struct Gathered: Sendable {
  /// Messages of one log: all existing messages with the numbers in `covered`, ascending.
  struct Stretch: Sendable {
    var covered = SequenceSet()
    var messages: [MessageDocument] = []

    /// About how many bytes so many more messages have, if they are as these.
    func likelySize(of count: Int) -> Int {
      guard !messages.isEmpty else { return 0 }
      return messages.reduce(0) { $0 + $1.message.body.size } / messages.count * count
    }
  }

  private(set) var state: InboxState?
  /// The past of the state; data of another past can't be combined with it.
  private(set) var past = 0
  private(set) var stretches: [LogName: Stretch] = [:]

  mutating func add(_ state: InboxState, shared: Stretch, own: Stretch, past: Int) {
    self.state = state
    self.past = past
    stretches = [state.inbox.shared: shared, state.inbox.own: own]
  }

  mutating func add(_ messages: [MessageDocument], of name: LogName, _ numbers: SequenceSet) {
    var stretch = stretches[name] ?? Stretch()
    stretch.messages.append(
      contentsOf: messages.filter { message in
        numbers.contains(message.message.seq) && !stretch.covered.contains(message.message.seq)
      })
    stretch.messages.sort { $0.message.seq < $1.message.seq }
    stretch.covered.formUnion(numbers)
    stretches[name] = stretch
  }

  func log(_ name: LogName) -> LogState? {
    guard let state else { return nil }
    if name == state.inbox.shared { return state.shared }
    return name == state.inbox.own ? state.own : nil
  }
}

/// The data that a view lacks; nil if it can't be asked for together with that of others.
struct Missing: Error {
  var want: Want?
}

/// A request of one reader's view.
enum Want: Sendable {
  /// The state of an inbox and the newest messages of its logs.
  case state(Inbox)
  /// Messages of a log by number.
  case messages(LogName, SequenceSet)
}

/// A view of gathered data. It asks no server, and throws `Missing` instead.
struct GatheredView: StoreReader {
  let gathered: Gathered
  /// The read's time, if it is known without asking a server.
  let known: Timestamp?
  var past: Int { gathered.past }

  var now: Timestamp {
    get throws {
      guard let known else { throw Missing() }
      return known
    }
  }

  /// The most ranges, and the most messages, that are asked for together with those of other views.
  private static let rangesTogether = 8
  private static let messagesTogether = 200
  /// About how many bytes one reader's part of a command may bring: a reply of 16 MiB is for all of them.
  private static let bytesTogether = 512 << 10

  func states(of inboxes: [Inbox]) throws -> [InboxState] {
    guard let first = inboxes.first else { return [] }
    guard inboxes.allSatisfy({ $0 == first }) else { throw Missing() }
    guard let state = gathered.state else { throw Missing(want: .state(first)) }
    // The state of another inbox has to come from the same snapshot.
    guard state.inbox == first else { throw Missing() }
    return inboxes.map { _ in state }
  }

  func messages(in name: LogName, _ numbers: SequenceSet) throws -> [Message] {
    guard let log = gathered.log(name) else { throw Missing() }
    let numbers = numbers.intersection(1, through: log.head)
    guard !numbers.isEmpty else { return [] }
    let stretch = gathered.stretches[name] ?? Gathered.Stretch()
    guard stretch.covered.isSuperset(of: numbers) else {
      let isShort =
        numbers.count <= Self.messagesTogether && numbers.spanCount <= Self.rangesTogether
        && stretch.likelySize(of: numbers.count) <= Self.bytesTogether
      throw Missing(want: isShort ? .messages(name, numbers) : nil)
    }
    var found: [Message] = []
    found.reserveCapacity(numbers.count)
    for document in stretch.messages where numbers.contains(document.message.seq) {
      if document.isCleared, !log.record.retracted.contains(document.message.seq) { throw StaleView() }
      found.append(document.message)
    }
    return found
  }

  func tokens(in name: LogName, _ numbers: [Int]) throws -> [UInt64] {
    let wanted = SequenceSet(numbers: numbers)
    var tokens: [Int: UInt64] = [:]
    for message in try messages(in: name, wanted) { tokens[message.seq] = message.token }
    return try numbers.map { seq in
      guard let token = tokens[seq] else { throw StoreError.damagedLog }
      return token
    }
  }

  func times(in name: LogName, _ numbers: [Int]) throws -> [Timestamp] { throw Missing() }

  func last(in name: LogName, notAfter time: Timestamp) throws -> Int { throw Missing() }

  func numbers(
    in name: LogName, where field: MessageField, from first: Int, through last: Int
  ) throws -> SequenceSet {
    throw Missing()
  }
}

/// A list of all that a store holds: for copying, checking and restoring it. The logs and inboxes are listed by the
/// page, in the order of their names (see `LogName`); a page has at most `limit` of them, and `limit` is at least 1.
public protocol StoreListing {
  /// The logs that have messages, after `name` or from the first one on.
  func logs(after name: LogName?, limit: Int) throws -> [LogName]

  /// The inboxes that have marks, after `inbox` or from the first one on; ordered by their own logs' names.
  func inboxes(after inbox: Inbox?, limit: Int) throws -> [Inbox]

  /// The marks of each of these inboxes, in order.
  func marks(of inboxes: [Inbox]) throws -> [Marks]

  /// The head and the record of each of these logs, in order; `sent` is empty, since it is a reader's.
  func logs(_ names: [LogName]) throws -> [LogState]

  /// The kept messages of a log from number `first` on, ascending, at most `limit`: those that were retracted, too.
  func entries(in log: LogName, from first: Int, limit: Int) throws -> [LogEntry]

  /// Those of these keys that messages of a log hold.
  func held(_ keys: [SenderKey], in log: LogName) throws -> Set<SenderKey>
}

extension StoreListing {
  /// All kept messages of a log from number `first` through `last`: a store may return fewer at once than it is asked for,
  /// where they are large.
  public func entries(in log: LogName, from first: Int, through last: Int) throws -> [LogEntry] {
    var found: [LogEntry] = []
    var next = first
    while next <= last {
      let page = try entries(in: log, from: next, limit: last - next + 1)
      guard let end = page.last?.message.seq else { break }
      found += page.prefix { $0.message.seq <= last }
      next = end + 1
    }
    return found
  }
}

/// A message with all that a store keeps of it.
public struct LogEntry: Hashable, Sendable {
  /// The message; its body is `MessageBody.cleared` if it was retracted.
  public var message: Message
  /// Whether the message was retracted.
  public var isRetracted: Bool
  /// The key that it was sent with.
  public var key: Text?
  /// The digest that the key stands for; empty without a key.
  public var digest: [UInt8]

  /// Creates an entry. The body of a retracted message is cleared, if that was still to be done.
  public init(_ message: Message, isRetracted: Bool, key: Text?, digest: [UInt8]) {
    self.message = message
    self.isRetracted = isRetracted
    self.key = key
    self.digest = digest
    if isRetracted { self.message.body.clear() }
  }
}

/// A reader that hands on what it does not do itself.
public protocol ForwardingReader: StoreReader {
  /// The reader that does it.
  var reader: any StoreReader { get }
}

extension ForwardingReader {
  /// See `StoreReader.past`.
  public var past: Int { reader.past }
  /// See `StoreReader.now`.
  public var now: Timestamp { get throws { try reader.now } }

  /// See `StoreReader.states`.
  public func states(of inboxes: [Inbox]) throws -> [InboxState] { try reader.states(of: inboxes) }

  /// See `StoreReader.state`.
  public func state(of inbox: Inbox) throws -> InboxState { try reader.state(of: inbox) }

  /// See `StoreReader.messages`.
  public func messages(in log: LogName, _ numbers: SequenceSet) throws -> [Message] {
    try reader.messages(in: log, numbers)
  }

  /// See `StoreReader.prefetch`.
  public func prefetch(_ messages: [LogName: SequenceSet]) throws { try reader.prefetch(messages) }

  /// See `StoreReader.times`.
  public func times(in log: LogName, _ numbers: [Int]) throws -> [Timestamp] {
    try reader.times(in: log, numbers)
  }

  /// See `StoreReader.tokens`.
  public func tokens(in log: LogName, _ numbers: [Int]) throws -> [UInt64] {
    try reader.tokens(in: log, numbers)
  }

  /// See `StoreReader.last`.
  public func last(in log: LogName, notAfter time: Timestamp) throws -> Int {
    try reader.last(in: log, notAfter: time)
  }

  /// See `StoreReader.numbers`.
  public func numbers(
    in log: LogName, where field: MessageField, from first: Int, through last: Int
  ) throws -> SequenceSet {
    try reader.numbers(in: log, where: field, from: first, through: last)
  }

  /// See `StoreListing.logs`.
  public func logs(after name: LogName?, limit: Int) throws -> [LogName] {
    try reader.logs(after: name, limit: limit)
  }

  /// See `StoreListing.inboxes`.
  public func inboxes(after inbox: Inbox?, limit: Int) throws -> [Inbox] {
    try reader.inboxes(after: inbox, limit: limit)
  }

  /// See `StoreListing.marks`.
  public func marks(of inboxes: [Inbox]) throws -> [Marks] { try reader.marks(of: inboxes) }

  /// See `StoreListing.logs`.
  public func logs(_ names: [LogName]) throws -> [LogState] { try reader.logs(names) }

  /// See `StoreListing.entries`.
  public func entries(in log: LogName, from first: Int, limit: Int) throws -> [LogEntry] {
    try reader.entries(in: log, from: first, limit: limit)
  }

  /// See `StoreListing.held`.
  public func held(_ keys: [SenderKey], in log: LogName) throws -> Set<SenderKey> {
    try reader.held(keys, in: log)
  }
}

import Caches
import Inbox
import JSONRPC

/// A look at followed inboxes, in one view of the store: what there is to tell, and how far each is then.
struct Look: Sendable {
  /// The inboxes, in the order in which they are told of.
  var items: [Following.Item]
  /// The bytes of events that may be made; one event is made whatever it has.
  var bytes: Int
  /// What is remembered of messages.
  var written: WrittenMessages

  /// The most new messages of an inbox that are told of in one look.
  private static let messages = 100

  /// What came of a look.
  struct Result: Sendable {
    var outcomes: [Following.Outcome] = []
    var events: [Event] = []
    var bytes = 0
    /// The calls that have something to look at.
    var calls: [Follower] = []
  }

  func run(_ reader: any StoreReader) throws -> Result {
    let shared = SharedReader(reader, written)
    let inboxes = items.map { Inbox(own: $0.own)! }
    // Two followers of one inbox need its state once.
    var first: [LogName: Int] = [:]
    var asked: [Inbox] = []
    for inbox in inboxes where first[inbox.own] == nil {
      first[inbox.own] = asked.count
      asked.append(inbox)
    }
    let states = try shared.states(of: asked)
    try shared.prefetch(
      changesOf: zip(items, inboxes).lazy.map { item, inbox in
        (states[first[inbox.own]!], item.follower.purpose == .messages ? item.position.cursor : nil)
      }, limit: Self.messages)
    var result = Result()
    for (item, inbox) in zip(items, inboxes) {
      let outcome = try look(at: item, states[first[inbox.own]!], shared, &result)
      result.outcomes.append(outcome)
    }
    return result
  }

  private func look(
    at item: Following.Item, _ state: InboxState, _ reader: SharedReader, _ result: inout Result
  ) throws -> Following.Outcome {
    let isProven = item.position.past == reader.past
    if isProven, state.isCurrent(item.position.cursor) { return .nothing(item.position) }
    if item.follower.purpose == .call {
      result.calls.append(item.follower)
      return .nothing(item.position)
    }
    guard result.bytes < bytes else { return .notLooked }
    do {
      return item.follower.purpose == .counts
        ? try tell(item, countsOf: state, isProven, reader, &result)
        : try tell(item, changesOf: state, isProven, reader, &result)
    } catch is ChangeCursorExpired {
      // The follower goes on from the present, and is told that it missed something.
      let position = Position(cursor: try ChangeCursor(state, reader), past: reader.past)
      let counts = state.counts
      result.add(EventParams(item, state.inbox).lagged(counts, position.cursor), item.follower)
      return .told(position, counts, more: false)
    }
  }

  private func tell(
    _ item: Following.Item, countsOf state: InboxState, _ isProven: Bool, _ reader: SharedReader,
    _ result: inout Result
  ) throws -> Following.Outcome {
    let cursor = try ChangeCursor(state, after: isProven ? item.position.cursor : nil, reader)
    let position = Position(cursor: cursor, past: reader.past)
    let counts = state.counts
    guard counts != item.counts else { return .nothing(position) }
    result.add(EventParams(item, state.inbox).counts(counts, cursor), item.follower)
    return .told(position, counts, more: false)
  }

  private func tell(
    _ item: Following.Item, changesOf state: InboxState, _ isProven: Bool, _ reader: SharedReader,
    _ result: inout Result
  ) throws -> Following.Outcome {
    let changes = try state.changes(
      since: item.position.cursor, limit: Self.messages, isProven: isProven, reader)
    let params = EventParams(item, state.inbox)
    var (cursor, counts, given) = (changes.cursor, item.counts, 0)
    for change in changes.changes {
      result.add(try params.event(change, reader), item.follower)
      (counts, given) = (change.counts, given + 1)
      if result.bytes >= bytes { break }
    }
    let isWhole = given == changes.changes.count
    if !isWhole { cursor = changes.changes[given - 1].cursor }
    let position = Position(cursor: cursor, past: reader.past)
    if given == 0 { return changes.more ? .told(position, counts, more: true) : .nothing(position) }
    return .told(position, counts, more: changes.more || !isWhole)
  }
}

extension Look.Result {
  fileprivate mutating func add(_ params: [UInt8], _ follower: Follower) {
    bytes += params.count
    events.append(
      Event(method: "inbox_event", params: params) { !follower.hasEnded.load(ordering: .acquiring) })
  }
}

import Inbox
import Mongo

/// The data that a reader lacks; nil if it can't be asked for together with that of others.
struct Missing: Error {
  var want: Want?
}

/// A view of the store for one run of a body.
///
/// What decides an answer (heads, records and marks) is read once and kept. Messages never change, so later
/// commands only fetch the messages that were decided on. If one of them was retracted in between, the view
/// ends: see `StaleView`.
///
/// With a source, on one of the pool's threads, a reader fetches what it lacks. Without one it throws `Missing`.
final class MongoReader: StoreReader {
  var known: Known
  /// The point in time of what was listed so far; nil before, and on servers without snapshots.
  var moment: MongoClusterTime?
  let source: Source?
  private let newest: Int
  private let pass: LargeReads.Pass?

  /// Creates a reader of what is known, which fetches nothing.
  init(_ known: Known) { (self.known, source, newest, pass) = (known, nil, ReadRun.page, nil) }

  /// Creates a reader that goes on from what is known. `newest` is how many messages of each log come with the
  /// state of an inbox. Without a `pass` it may hold as many bytes of messages as it is asked for; with one it
  /// may throw `Crowded`.
  init(
    _ source: Source, from known: Known = Known(), newest: Int = ReadRun.page, pass: LargeReads.Pass? = nil
  ) {
    (self.known, self.source, self.newest, self.pass) = (known, source, newest, pass)
  }

  var past: Int { source?.past.number ?? known.past }

  var now: Timestamp {
    get throws {
      if let now = known.now { return now }
      let now = try searched().now()
      known.now = now
      return now
    }
  }

  /// The token of the last change of an inbox's marks.
  func marksToken(of inbox: Inbox) -> BSONObjectID? { known.marksToken(of: inbox) }

  func states(of inboxes: [Inbox]) throws -> [InboxState] {
    var missing = inboxes.filter { known.state(of: $0) == nil }
    if missing.count > 1 { missing = Array(Set(missing)) }
    if !missing.isEmpty { try fetch(missing) }
    return inboxes.map { inbox in
      guard let state = known.state(of: inbox) else { preconditionFailure("fetched above") }
      return state
    }
  }

  private func fetch(_ inboxes: [Inbox]) throws {
    let want = Want.inboxes(inboxes)
    guard let source else {
      // The states of several inboxes have to come from one snapshot.
      throw Missing(want: known.isEmpty && inboxes.count == 1 ? want : nil)
    }
    var run = ReadRun([want], source, newest: newest)
    guard try known.add(run.run()[0], for: want, of: source.past.number) else { throw StaleView() }
  }

  /// The source; throws `Missing` where there is none.
  func searched() throws(Missing) -> Source {
    guard let source else { throw Missing() }
    return source
  }
}

// Messages.
extension MongoReader {
  /// The most messages in one reply.
  static let messagesTogether = 1000
  /// How many are fetched where nobody knows how large they are.
  static let messagesAtFirst = 16
  /// About how many bytes one reply of messages brings, and how many one view holds beside any number of others.
  private static let bytesTogether = 2 << 20
  static let smallSize = 1 << 20

  /// The most ranges, and the most messages, that are asked for together with those of other readers.
  private static let rangesShared = 8
  private static let messagesShared = 200
  /// About how many bytes one reader's part of a command may bring: a reply of 16 MiB is for all of them.
  private static let bytesShared = 512 << 10

  func messages(in name: LogName, _ numbers: SequenceSet) throws -> [Message] {
    let log = known.log(name)
    let numbers = numbers.intersection(1, through: log?.head ?? .max)
    guard !numbers.isEmpty else { return [] }
    let stretch = known.stretch(of: name) ?? Stretch()
    if stretch.covered.isSuperset(of: numbers) {
      var found: [Message] = []
      found.reserveCapacity(numbers.count)
      for document in stretch.messages where numbers.contains(document.message.seq) {
        found.append(try Self.checked(document, log))
      }
      return found
    }
    guard let source else {
      let isShort =
        numbers.count <= Self.messagesShared && numbers.spanCount <= Self.rangesShared
        && stretch.averageSize * numbers.count <= Self.bytesShared
      throw Missing(want: log != nil && isShort ? .messages(name, numbers) : nil)
    }
    source.past.heads.miss(numbers, in: name)
    return try fetch(numbers, name, log, stretch, source)
  }

  private static func checked(_ document: MessageDocument, _ log: LogState?) throws(StaleView) -> Message {
    if document.isCleared, let log, !log.record.retracted.contains(document.message.seq) { throw StaleView() }
    return document.message
  }

  private func fetch(
    _ numbers: SequenceSet, _ name: LogName, _ log: LogState?, _ stretch: Stretch, _ source: Source
  ) throws -> [Message] {
    var found: [Message] = []
    // A caller usually asks for a page; a request for more than a log may hold reserves no memory in advance.
    found.reserveCapacity(min(numbers.count, 256))
    var size = (known: stretch.averageSize * stretch.messages.count, of: stretch.messages.count)
    var (rest, bytes) = (numbers, 0)
    while let first = rest.first {
      let average = size.of == 0 ? 0 : size.known / size.of
      // Before it is fetched: what is in memory is too late to be waited for.
      guard
        bytes + average * min(rest.count, Self.messagesTogether) <= Self.smallSize
          || pass?.mayBeLarge() ?? true
      else {
        throw Crowded()
      }
      let count = size.of == 0 ? Self.messagesAtFirst : Self.bytesTogether / max(average, 1)
      let next = rest.oldest(min(max(count, 1), Self.messagesTogether))
      let batch = try source.run(
        next.spanCount > 1
          ? .messages(name, Array(next.numbers))
          : .messages(name, from: first, through: next.last ?? first, limit: next.count))
      let before = found.count
      for document in try batch.all() {
        let message = try Self.checked(try MessageDocument(document), log)
        found.append(message)
        bytes += message.body.size
        size = (size.known + message.body.size, size.of + 1)
      }
      // The log ends here, or lacks messages, which the caller sees.
      if batch.isComplete, found.count - before < next.count { break }
      // A reply is full at 16 MiB: the next one goes on.
      guard found.count > before, let end = found.last?.seq else { break }
      rest = rest.above(end)
    }
    return found
  }
}

// Times, tokens and numbers.
extension MongoReader {
  func times(in name: LogName, _ numbers: [Int]) throws -> [Timestamp] {
    guard !numbers.isEmpty else { return [] }
    let slots = try searched().slots(name, Array(Set(numbers)))
    return try numbers.map { seq in
      guard let slot = slots[seq] else { throw StoreError.damagedLog }
      return slot.time
    }
  }

  func tokens(in name: LogName, _ numbers: [Int]) throws -> [UInt64] {
    // A follower begins at the end.
    if let last = known.stretch(of: name)?.last, numbers.allSatisfy({ $0 == last.seq }) {
      return numbers.map { _ in last.token }
    }
    let wanted = SequenceSet(numbers: numbers)
    var tokens: [Int: UInt64] = [:]
    if let source, !(known.stretch(of: name)?.covered.isSuperset(of: wanted) ?? false) {
      tokens = try source.slots(name, Array(wanted.numbers)).mapValues(\.token.random)
    } else {
      for message in try messages(in: name, wanted) { tokens[message.seq] = message.token }
    }
    return try numbers.map { seq in
      guard let token = tokens[seq] else { throw StoreError.damagedLog }
      return token
    }
  }

  /// Times don't decrease within a log, so this is a search: several points for each command, five commands
  /// for a million messages.
  func last(in name: LogName, notAfter time: Timestamp) throws -> Int {
    let source = try searched()
    var high = try known.log(name)?.head ?? source.head(of: name)
    var low = 0
    while low < high {
      let step = max(1, (high - low) / Self.pointsPerRound)
      let probes = Array(stride(from: low + 1, through: high, by: step))
      let slots = try source.slots(name, probes)
      // Up to some probe the times are not after `time`. Messages that retention has removed are older than
      // the rest.
      var end = high
      for probe in probes {
        guard slots[probe]?.time ?? .min <= time else {
          end = probe - 1
          break
        }
        low = probe
      }
      high = end
    }
    return low
  }

  private static let pointsPerRound = 16

  func numbers(
    in name: LogName, where field: MessageField, from first: Int, through last: Int
  ) throws -> SequenceSet {
    try searched().numbers(
      in: name, where: field, from: first, through: min(last, known.log(name)?.head ?? .max))
  }
}

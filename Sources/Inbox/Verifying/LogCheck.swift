/// Checks the messages of one log, page by page in the order of their numbers.
public struct LogCheck: Hashable, Sendable {
  /// The log.
  public let name: LogName
  /// The number that comes next.
  public private(set) var next = 1
  /// The time of the message before it.
  public private(set) var time: Timestamp?

  /// Creates the check of a log of which nothing was read yet.
  public init(_ name: LogName) { self.name = name }

  /// The number of messages that a page needs beyond its end: they tell whether its last times are right.
  public static let lookahead = 64

  /// The numbers that were found to be nobody's, and that no message was found to have had.
  private var missing = 0
  /// The number beyond which messages may be of another log: the head, before anything was mended, if the last message
  /// was the one that it means.
  private var sealedHead: Int?

  /// Some messages of a log, with what the store says of it at the same moment.
  public struct Page {
    /// The log's head as the store keeps it; nil if a store keeps none.
    public var head: Int?
    /// Whether the last message has the token that the store keeps with the head.
    public var isSealed: Bool
    /// The log's last number, as far as it is believed (see `BelievedEnd`).
    public var end: Int
    /// Whether that was found by all numbers of the log, so that every hole up to there is believed, too.
    public var isCertain: Bool
    /// The log's record.
    public var record: LogRecord
    /// The messages, ascending.
    public var messages: [StoredMessage]
    /// The times of the messages after them.
    public var following: [Timestamp?]
    /// Whether these are the last messages of the log.
    public var isLast: Bool

    /// Creates a page.
    public init(
      head: Int?, isSealed: Bool = false, end: Int, isCertain: Bool, record: LogRecord,
      messages: [StoredMessage], following: [Timestamp?] = [], isLast: Bool
    ) {
      (self.head, self.isSealed, self.end, self.isCertain) = (head, isSealed, end, isCertain)
      (self.record, self.messages, self.following, self.isLast) = (record, messages, following, isLast)
    }
  }

  /// A change that mends something.
  public enum Change: Hashable, Sendable {
    /// Empty messages take these numbers, and are retracted.
    case fill(SequenceSet.Span, at: Timestamp)
    /// The message at this index of the page becomes this one; it is retracted if `isCleared` is new.
    case replace(Int, StoredMessage)
    /// The message at this index gets this number, which is the log's next one.
    case move(Int, to: Int)
    /// The message at this index goes to those whose log is not known.
    case expel(Int)
    /// The messages up to here are all that there is.
    case head(Int)
  }

  /// What was found in a page.
  public struct Outcome: Hashable, Sendable {
    /// The faults.
    public var faults: [Fault] = []
    /// The changes that mend them.
    public var changes: [Change] = []
    /// The number of messages of the page that were dealt with; fewer than all if as many numbers were filled as may
    /// be, or if the next hole is in doubt.
    public var count = 0
    /// Whether the next hole is so large that the page's end has to be certain.
    public var isDoubtful = false
    /// Whether this was all of the log.
    public var isDone = false
  }

  /// Checks a page. `filling` is the most numbers that changes may fill; nil if nothing is changed.
  public mutating func take(_ page: Page, _ judge: MessageJudge, filling: Int? = nil) -> Outcome {
    var outcome = Outcome()
    var end = page.end
    if sealedHead == nil { sealedHead = page.isSealed ? page.head : .max }
    next = max(next, page.record.tail)
    // The times of those before the tail, which are being removed, don't matter, nor those of messages that are moved.
    let living = page.messages.filter { $0.seq >= page.record.tail && $0.seq <= page.end }
    let times = living.map(\.time) + page.following
    let outliers = TimeOrder.outliers(times, notBefore: time ?? .min)
    var order = 0
    for (index, message) in page.messages.enumerated() {
      if message.seq < page.record.tail {
        if message.seq < 1 { move(index, .number, .log(name), &end, &outcome) }
      } else if message.seq > page.end {
        // What is missing up to the end is known first.
        guard fill(before: page.end + 1, page, filling, &outcome) else { return outcome }
        take(far: message, at: index, page, &end, &outcome)
      } else if message.seq < next {
        order += 1
        move(index, .numberTwice, .log(name), &end, &outcome)
      } else {
        guard fill(before: message.seq, page, filling, &outcome) else { return outcome }
        var mended = message
        var faults = mended.mend(page.record, judge)
        if outliers.contains(order) {
          faults.append(message.time == nil ? .time : .timeOrder)
          mended.time = time ?? times.indices.first { !outliers.contains($0) }.flatMap { times[$0] } ?? 0
        }
        order += 1
        if !faults.isEmpty {
          let place = Fault.Place.message(MessageName(log: name, seq: message.seq))
          outcome.faults += faults.map { Fault($0, place) }
          outcome.changes.append(.replace(index, mended))
        }
        time = mended.time
        next = message.seq + 1
      }
      outcome.count = index + 1
    }
    // A message that got another number is still to be looked at there.
    if page.isLast, filling == nil || end == page.end { outcome.isDone = finish(page, filling, &outcome) }
    return outcome
  }

  private func move(
    _ index: Int, _ kind: FaultKind, _ place: Fault.Place, _ end: inout Int, _ outcome: inout Outcome
  ) {
    end += 1
    outcome.faults.append(Fault(kind, place))
    outcome.changes.append(.move(index, to: end))
  }

  /// Takes a message whose number the log can't have.
  private mutating func take(
    far message: StoredMessage, at index: Int, _ page: Page, _ end: inout Int, _ outcome: inout Outcome
  ) {
    let place = Fault.Place.message(MessageName(log: name, seq: message.seq))
    // A log that lacks none has lost none.
    guard missing == 0, message.seq > sealedHead ?? .max else {
      missing = max(missing - 1, 0)
      return move(index, .number, place, &end, &outcome)
    }
    outcome.faults.append(Fault(.number, place, mending: Fault.collected))
    outcome.changes.append(.expel(index))
  }

  /// Fills the numbers up to `end`; false if that is more than may be filled, or in doubt.
  private mutating func fill(
    before end: Int, _ page: Page, _ filling: Int?, _ outcome: inout Outcome
  ) -> Bool {
    guard end > next else { return true }
    guard page.isCertain || end - next <= BelievedEnd.slack else {
      outcome.isDoubtful = true
      return false
    }
    let count = min(end - next, filling ?? .max)
    outcome.faults.append(Fault(.hole, .message(MessageName(log: name, seq: next)), count: count))
    outcome.changes.append(.fill(.init(first: next, last: next + count - 1), at: time ?? 0))
    time = time ?? 0
    missing += count
    next += count
    return next == end
  }

  /// Compares what was read with the head; false if numbers are still to be filled.
  private mutating func finish(_ page: Page, _ filling: Int?, _ outcome: inout Outcome) -> Bool {
    guard fill(before: page.end + 1, page, filling, &outcome) else { return false }
    guard let head = page.head, head != page.end else { return true }
    outcome.faults.append(
      head < page.end
        ? Fault(
          .head, .message(MessageName(log: name, seq: max(head, 0) + 1)), count: page.end - max(head, 0))
        : Fault(.head, .log(name)))
    outcome.changes.append(.head(page.end))
    return true
  }
}

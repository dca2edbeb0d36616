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
  /// The most numbers that are given to empty messages in one place.
  public static let largestHole = 10_000_000
  /// The most numbers that a head may be beyond the last message, so that it is believed.
  private static let believed = 1_000_000

  /// Some messages of a log, with what the store says of it at the same moment.
  public struct Page {
    /// The log's head as the store keeps it; nil if that can't be read, or if a store keeps none.
    public var head: Int?
    /// The number of the last message that there is.
    public var end: Int
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
      head: Int?, end: Int, record: LogRecord, messages: [StoredMessage], following: [Timestamp?] = [],
      isLast: Bool
    ) {
      (self.head, self.end, self.record) = (head, end, record)
      (self.messages, self.following, self.isLast) = (messages, following, isLast)
    }
  }

  /// A change that mends something.
  public enum Change: Hashable, Sendable {
    /// Empty messages take these numbers, and are retracted.
    case fill(SequenceSet.Span, at: Timestamp)
    /// The message at this index of the page becomes this one; it is retracted if `isCleared` is new.
    case replace(Int, StoredMessage)
    /// The message at this index gets the number after the log's last one.
    case move(Int)
    /// The messages up to here are all that there is.
    case head(Int)
  }

  /// What was found in a page.
  public struct Outcome: Hashable, Sendable {
    /// The faults.
    public var faults: [Fault] = []
    /// The changes that mend them.
    public var changes: [Change] = []
    /// The number of messages of the page that were dealt with; fewer than all if `filling` was reached.
    public var count = 0
    /// Whether this was all of the log.
    public var isDone = false
  }

  /// Checks a page. `filling` is the most numbers that changes may fill.
  public mutating func take(_ page: Page, _ judge: MessageJudge, filling: Int = .max) -> Outcome {
    var outcome = Outcome()
    next = max(next, page.record.tail)
    let kept = page.messages.map { $0.seq >= page.record.tail ? $0.time : nil }
    // Those before the tail are being removed; their times don't matter.
    let living = kept.indices.filter { page.messages[$0].seq >= page.record.tail }
    let times = living.map { kept[$0] } + page.following
    let outliers = TimeOrder.outliers(times, notBefore: time ?? .min)
    var order = 0
    for (index, message) in page.messages.enumerated() {
      guard message.seq >= page.record.tail else {
        if message.seq < 1 { move(index, .number, &outcome) }
        outcome.count = index + 1
        continue
      }
      let isOutlier = outliers.contains(order)
      guard message.seq >= next else {
        order += 1
        move(index, .numberTwice, &outcome)
        outcome.count = index + 1
        continue
      }
      guard fill(before: message.seq, filling, &outcome) else { return outcome }
      var mended = message
      var faults = mended.mend(page.record, judge)
      if isOutlier {
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
      outcome.count = index + 1
    }
    outcome.isDone = page.isLast && finish(page, filling, &outcome)
    return outcome
  }

  private func move(_ index: Int, _ kind: FaultKind, _ outcome: inout Outcome) {
    outcome.faults.append(Fault(kind, .log(name)))
    outcome.changes.append(.move(index))
  }

  /// Fills the numbers up to `end`; false if that would be more than `filling`.
  private mutating func fill(before end: Int, _ filling: Int, _ outcome: inout Outcome) -> Bool {
    guard end > next else { return true }
    let count = min(end - next, filling)
    outcome.faults.append(Fault(.hole, .message(MessageName(log: name, seq: next)), count: count))
    guard end - next <= Self.largestHole else {
      next = end
      return true
    }
    outcome.changes.append(.fill(.init(first: next, last: next + count - 1), at: time ?? 0))
    time = time ?? 0
    next += count
    return next == end
  }

  /// Compares what was read with the head; false if numbers are still to be filled.
  private mutating func finish(_ page: Page, _ filling: Int, _ outcome: inout Outcome) -> Bool {
    guard let head = page.head else { return true }
    let last = next - 1
    if head < last {
      outcome.faults.append(
        Fault(
          .head, .message(MessageName(log: name, seq: max(head, 0) + 1)), count: max(1, last - max(head, 0))))
      outcome.changes.append(.head(last))
    } else if head > last {
      if head - last > Self.believed {
        outcome.faults.append(Fault(.head, .log(name)))
        outcome.changes.append(.head(last))
      } else {
        return fill(before: head + 1, filling, &outcome)
      }
    }
    return true
  }

  /// The head that is believed: the store's own, unless it is far beyond the last message.
  public static func head(_ stored: Int?, end: Int) -> Int {
    guard let stored, stored <= end + believed else { return end }
    return max(stored, end)
  }
}

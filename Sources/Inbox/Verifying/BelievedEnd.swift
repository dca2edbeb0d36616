/// Where a log ends, as far as that is believed: a number far beyond the others is damage, and does not mean that as many
/// messages are lost. Takes the numbers of the log's messages from the last one down.
public struct BelievedEnd: Hashable, Sendable {
  /// What a store says of the last number apart from the messages.
  public enum Head: Hashable, Sendable {
    /// Nothing that can be read.
    case unknown
    /// This number.
    case claimed(Int)
    /// This number, and the message that has it is the one that the store means.
    case sealed(Int)
  }

  /// The lost messages that are believed in any place of a log.
  public static let slack = 1000

  private let head: Head
  private let tail: Int
  private let count: Int
  private let slack: Int
  /// The last number that is believed so far, and the last one that was taken.
  private var last = 0
  private var lowest: Int?
  /// The messages from `last` down to `lowest`.
  private var after = 0

  /// Begins with a log of which no number was taken. `count` is how many messages it has; only a head needs that.
  public init(_ head: Head, tail: Int = 1, count: Int = 0, slack: Int = BelievedEnd.slack) {
    (self.head, self.tail, self.count, self.slack) = (head, tail, count, slack)
  }

  /// Whether no lower number changes anything.
  public var isSettled: Bool { lowest.map { $0 - tail <= allowance(below: $0) } ?? false }

  /// The numbers that may be missing below this one.
  private func allowance(below number: Int) -> Int {
    switch head {
    case .sealed(let head) where number > head: 0
    case .claimed(let head) where number > head: after
    case .sealed: max(slack, count)
    case .unknown, .claimed: max(slack, after)
    }
  }

  /// Takes the next lower number.
  public mutating func take(_ number: Int) {
    guard number >= tail else { return }
    if lowest.map({ $0 - number - 1 > allowance(below: $0) }) ?? true { (last, after) = (number, 0) }
    lowest = number
    after += 1
  }

  /// The last number that is believed, once all were taken or it is settled; one less than the tail if there is none.
  public var end: Int {
    let end = isSettled ? last : tail - 1
    // The last ones may be lost.
    guard case .claimed(let head) = head, head > end, head - end <= max(slack, count) else { return end }
    return head
  }
}

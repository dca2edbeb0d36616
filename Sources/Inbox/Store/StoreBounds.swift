/// What may be in a store, whichever it is. What a database holds may be anything: a store checks it when it reads
/// it, and from there on no arithmetic on it can overflow, and no answer grows past what it was planned for.
public enum StoreBounds {
  /// The largest number of a message, of a log's retractions, and of a version: as many as a double holds exactly.
  public static let largestNumber = 1 << 53
  /// The times of the years 0 to 9999.
  public static let times: ClosedRange<Timestamp> = -62_167_219_200_000...253_402_300_799_999
  /// How many bytes an identifier has.
  static let identifier = 1...128
  /// How many bytes a name for display has at most.
  static let longestName = 1024
  /// How many bytes content and data have at most.
  static let longestText = 65_536

  /// The number of a message.
  public static func number(_ value: Int64) throws(OutOfBounds) -> Int {
    guard value >= 1, value <= largestNumber else { throw OutOfBounds("a message has no possible number") }
    return Int(value)
  }

  /// The time of a message.
  public static func time(_ value: Int64) throws(OutOfBounds) -> Timestamp {
    guard times.contains(value) else { throw OutOfBounds("a message has no possible time") }
    return value
  }
}

/// What is outside of what a store may hold.
public struct OutOfBounds: Error, Hashable, CustomStringConvertible {
  /// What it is, as a sentence.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension Message {
  /// Checks what was read.
  public func check() throws(OutOfBounds) {
    _ = try StoreBounds.number(Int64(seq))
    _ = try StoreBounds.time(time)
    try body.check()
  }
}

extension MessageBody {
  fileprivate func check() throws(OutOfBounds) {
    // One by one: every message of every page is checked, and an array of them would cost more than the check.
    guard Self.isPossible(type), sender.map(Self.isPossible) ?? true, receiver.map(Self.isPossible) ?? true
    else {
      throw OutOfBounds("a message has an identifier of no possible length")
    }
    guard (username?.utf8.count ?? 0) <= StoreBounds.longestName,
      (teamName?.utf8.count ?? 0) <= StoreBounds.longestName,
      (content?.utf8.count ?? 0) <= StoreBounds.longestText,
      (data?.utf8.count ?? 0) <= StoreBounds.longestText
    else { throw OutOfBounds("a message is longer than any") }
  }

  private static func isPossible(_ identifier: Text) -> Bool {
    StoreBounds.identifier.contains(identifier.string.utf8.count)
  }
}

extension LogRecord {
  /// Checks what was read, without the log that it belongs to.
  func check() throws(OutOfBounds) {
    let largest = StoreBounds.largestNumber
    guard (1...largest + 1).contains(tail), retracted.last ?? 0 <= largest, retractionCount <= largest,
      newestRetractions.count == min(retractionCount, Self.retractionsKept),
      newestRetractions.allSatisfy({ (1...largest).contains($0) })
    else { throw OutOfBounds("a log's record holds no possible numbers") }
  }
}

extension LogState {
  /// Checks what was read: the record says nothing of messages that the log does not have.
  public func check() throws(StoreError) {
    guard (0...StoreBounds.largestNumber).contains(head) else {
      throw .damaged("a log has no possible last number")
    }
    guard record.tail >= 1, record.tail <= head + 1, record.retracted.last ?? 0 <= head,
      record.retractionCount <= head, record.newestRetractions.allSatisfy({ $0 <= head })
    else { throw .damaged("the record of a log names messages that the log does not have") }
  }
}

extension Marks {
  /// Checks what was read, without the logs that they are of.
  func check() throws(OutOfBounds) {
    let largest = StoreBounds.largestNumber
    guard (0...largest).contains(version),
      [shared, own].allSatisfy({ marks in
        marks.folded <= largest
          && [marks.read, marks.seen, marks.archived, marks.deleted].allSatisfy { $0.last ?? 0 <= largest }
      })
    else { throw OutOfBounds("marks hold no possible numbers") }
    let last = membership.closed.last ?? 0
    let isMember = membership.standing == .member
    guard last <= largest,
      isMember ? (last + 1...largest + 1).contains(membership.since) : membership.since == 0
    else { throw OutOfBounds("marks hold no possible membership") }
  }
}

extension InboxState {
  /// Checks what was read: nothing is folded into the marks that the logs do not have.
  public func checkMarks() throws(StoreError) {
    guard marks.shared.folded <= shared.head, marks.own.folded <= own.head else {
      throw .damaged("the marks of an inbox are of messages that its log does not have")
    }
  }
}

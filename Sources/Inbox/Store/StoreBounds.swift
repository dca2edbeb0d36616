/// Bounds on the contents of every store. A database may hold anything, so a store checks what it reads:
/// after that no arithmetic on it can overflow, and no answer grows beyond its planned size.
public enum StoreBounds {
  /// The largest number of a message, of a log's retractions, and of a version: the largest up to which a
  /// double holds every integer exactly.
  public static let largestNumber = 1 << 53
  /// The times of the years 0 to 9999.
  public static let times: ClosedRange<Timestamp> = -62_167_219_200_000...253_402_300_799_999
  /// The number of bytes in an identifier.
  static let identifier = 1...128
  /// The largest number of bytes in a name for display.
  static let longestName = 1024
  /// The largest number of bytes in content and in data.
  static let longestText = 65_536

  /// Checks the number of a message.
  public static func number(_ value: Int64) throws(OutOfBounds) -> Int {
    guard value >= 1, value <= largestNumber else { throw OutOfBounds("a message has no possible number") }
    return Int(value)
  }

  /// Checks the time of a message.
  public static func time(_ value: Int64) throws(OutOfBounds) -> Timestamp {
    guard times.contains(value) else { throw OutOfBounds("a message has no possible time") }
    return value
  }
}

/// The error for a value outside the bounds of a store.
public struct OutOfBounds: Error, Hashable, CustomStringConvertible {
  /// The fault, as a sentence.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension Message {
  /// Checks a message that was read.
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
  /// Checks a record that was read, without the log that it belongs to.
  func check() throws(OutOfBounds) {
    let largest = StoreBounds.largestNumber
    guard (1...largest + 1).contains(tail), retracted.last ?? 0 <= largest, retractionCount <= largest,
      newestRetractions.count == min(retractionCount, Self.retractionsKept),
      newestRetractions.allSatisfy({ (1...largest).contains($0) })
    else { throw OutOfBounds("a log's record holds no possible numbers") }
  }
}

extension LogState {
  /// Checks a log that was read: the record names no messages that the log does not have.
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
  /// Checks marks that were read, without the logs that they belong to.
  func check() throws(OutOfBounds) {
    let largest = StoreBounds.largestNumber
    guard (0...largest).contains(version),
      [shared, own].allSatisfy({ marks in
        marks.folded <= largest && marks.sets.allSatisfy { $0.last ?? 0 <= largest }
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
  /// Checks marks that were read: they fold no messages that the logs do not have.
  public func checkMarks() throws(StoreError) {
    guard marks.shared.folded <= shared.head, marks.own.folded <= own.head else {
      throw .damaged("the marks of an inbox are of messages that its log does not have")
    }
  }
}

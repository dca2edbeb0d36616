/// Bounds on the contents of every store. A database may hold anything, so a store checks what it reads:
/// after that no arithmetic on it can overflow, and no answer grows beyond its planned size.
public enum StoreBounds {
  /// The largest number of a message, of a log's retractions, and of a version: the largest up to which a
  /// double holds every integer exactly.
  public static let largestNumber = 1 << 53
  /// The times of the years 0 to 9999.
  public static let times: ClosedRange<Timestamp> = -62_167_219_200_000...253_402_300_799_999
  /// The number of bytes in a digest: those of SHA-256.
  public static let digestLength = 32
  /// The number of bytes in an identifier.
  public static let identifier = 1...128
  /// The largest number of bytes in a name for display.
  public static let longestName = 1024
  /// The largest number of bytes in content and in data.
  public static let longestText = 65_536

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

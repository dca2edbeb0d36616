import Inbox

/// The position of a message in its table: its log's id in the upper bits, its number in the lower 32.
struct Position: Hashable {
  let rawValue: Int64

  init(log: Int64, seq: Int) {
    rawValue = log << 32 | Int64(seq)
  }

  init(rawValue: Int64) {
    self.rawValue = rawValue
  }

  /// The message's number in its log.
  var seq: Int { Int(rawValue & Int64(UInt32.max)) }

  /// The positions of a log's messages.
  static func range(of log: Int64) -> ClosedRange<Int64> {
    log << 32...(log << 32 | Int64(UInt32.max))
  }

  /// The largest number a message can have.
  static let maximumSeq = Int(UInt32.max)
  /// The largest id a log can have.
  static let maximumLog = Int64(Int32.max)
}

extension StoreError {
  static let logFull = StoreError.limitReached("a log of more than 4,294,967,295 messages")
  static let tooManyLogs = StoreError.limitReached("more than 2,147,483,647 logs")
}

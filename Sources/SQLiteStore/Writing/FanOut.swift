/// Divides an append to many logs into transactions: each holds the database only for a moment, and other
/// processes get their turn in between.
struct FanOut {
  /// The most logs that one transaction appends to, and the approximate most bytes.
  static let logsTogether = 2500
  static let bytesTogether = 4 << 20

  /// The indices of the logs of each transaction; `size` is the approximate number of bytes for one log.
  static func chunks(of count: Int, size: Int) -> [Range<Int>] {
    let step = max(1, min(logsTogether, bytesTogether / max(1, size)))
    return stride(from: 0, to: count, by: step).map { $0..<min($0 + step, count) }
  }
}

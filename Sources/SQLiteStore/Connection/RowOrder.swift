import Inbox

/// The order of the rows that a statement returns. Where pages of a damaged file lie in the place of others, SQLite returns
/// rows that were not asked for, and who goes on from the last one never ends.
struct RowOrder {
  private var next: Int64
  private let last: Int64
  private var isOver = false

  /// Begins with the rows from `first` to `last`, ascending.
  init(_ first: Int64, _ last: Int64) { (next, self.last) = (first, last) }

  /// Takes the number of the next row; throws for one that is not in order.
  mutating func take(_ row: Int64) throws(StoreError) {
    guard !isOver, row >= next, row <= last else { throw .disorder }
    if row == last { isOver = true } else { next = row + 1 }
  }
}

extension StoreError {
  /// Rows that were not asked for, or came in another order.
  static let disorder = StoreError.damaged("the rows of the database are out of order")
}

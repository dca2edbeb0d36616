import DequeModule

/// A first-in, first-out queue of work for a thread. A value: the threads around it share it in a `Monitor`.
struct WorkQueue<Item: Sendable>: Sendable {
  private var waiting: Deque<Item> = []
  private var isClosed = false

  /// The next step of a thread.
  enum Next {
    case work([Item])
    /// The queue is closed, and everything was taken.
    case end
  }

  /// Adds an item; false if the queue is closed.
  mutating func add(_ item: Item) -> Bool {
    guard !isClosed else { return false }
    waiting.append(item)
    return true
  }

  /// Accepts no more work; waiting work is still done.
  mutating func close() { isClosed = true }

  /// Takes the oldest items: at most `limit(count)` of the `count` that wait, and no more once their sizes
  /// reach `size`, but at least one. Nil while there is nothing to do.
  mutating func take(
    _ limit: (Int) -> Int, size: Int = .max, of sizeOf: (Item) -> Int = { _ in 0 }
  ) -> Next? {
    guard !waiting.isEmpty else { return isClosed ? .end : nil }
    // At least one is taken.
    guard waiting.count > 1 else { return .work([waiting.removeFirst()]) }
    var items: [Item] = []
    var total = 0
    for item in waiting.prefix(max(1, limit(waiting.count))) {
      if !items.isEmpty, total + sizeOf(item) > size { break }
      total += sizeOf(item)
      items.append(item)
    }
    waiting.removeFirst(items.count)
    return .work(items)
  }
}

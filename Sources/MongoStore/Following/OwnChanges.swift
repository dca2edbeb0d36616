import DequeModule

/// The changes that this process makes itself and tells by itself: the change stream tells them again. A value.
///
/// A change is entered before it is made, so the stream can't be earlier. What was not made, or may not have been, is
/// taken out again before its caller's wake: that one comes after whatever the stream told until then.
struct OwnChanges: Sendable {
  private var changes: Set<ChangeID> = []
  private var order: Deque<ChangeID> = []
  private let capacity: Int

  /// Nothing so far. Beyond the capacity the oldest are forgotten: they are told twice.
  init(capacity: Int = 16_384) { self.capacity = capacity }

  mutating func add(_ change: ChangeID) {
    if order.count >= capacity, let oldest = order.popFirst() { changes.remove(oldest) }
    changes.insert(change)
    order.append(change)
  }

  /// Takes a change out; returns whether it was entered.
  mutating func remove(_ change: ChangeID) -> Bool { changes.remove(change) != nil }
}

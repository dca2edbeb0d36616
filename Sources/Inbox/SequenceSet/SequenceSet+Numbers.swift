extension SequenceSet {
  /// The members one by one, ascending.
  public var numbers: Numbers {
    Numbers(members: self)
  }

  /// The members of a set in ascending order.
  public struct Numbers: Sequence, IteratorProtocol, Sendable {
    let members: SequenceSet
    /// The range after the current one.
    var index = 0
    /// The next member, if any of the current range is left.
    var number = 0
    var left = 0

    /// The number of members.
    public var underestimatedCount: Int { members.count }

    /// The next larger member.
    public mutating func next() -> Int? {
      if left == 0 {
        guard let span = members.span(at: index) else { return nil }
        (number, left) = (span.first, span.count)
        index += 1
      }
      // Wraps only behind Int.max, where nothing is left.
      defer { number &+= 1 }
      left &-= 1
      return number
    }
  }

  /// The range at `index`; nil if there is none.
  func span(at index: Int) -> Span? {
    switch storage {
    case .empty: nil
    case .one(let span): index == 0 ? span : nil
    case .many(let runs): runs.spans.indices.contains(index) ? runs.spans[index] : nil
    }
  }
}

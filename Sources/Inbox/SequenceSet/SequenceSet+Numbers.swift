extension SequenceSet {
  /// The members one by one, ascending.
  public var numbers: Numbers {
    Numbers(members: self)
  }

  /// The members one by one, descending.
  public var numbersDescending: NumbersDescending {
    NumbersDescending(members: self)
  }

  /// The members of a set in ascending order.
  public struct Numbers: Sequence, Sendable {
    let members: SequenceSet

    /// How many there are.
    public var underestimatedCount: Int { members.count }

    /// Starts at the smallest member.
    public func makeIterator() -> Iterator {
      Iterator(members: members, index: 0, ahead: members.span(at: 0))
    }

    /// Walks the members upwards.
    public struct Iterator: IteratorProtocol, Sendable {
      let members: SequenceSet
      var index: Int
      /// What is still to come of the range at `index`.
      var ahead: Span?

      /// The next larger member.
      public mutating func next() -> Int? {
        guard let span = ahead else { return nil }
        if span.first < span.last {
          ahead = Span(first: span.first + 1, last: span.last)
        } else {
          index += 1
          ahead = members.span(at: index)
        }
        return span.first
      }
    }
  }

  /// The members of a set in descending order.
  public struct NumbersDescending: Sequence, Sendable {
    let members: SequenceSet

    /// How many there are.
    public var underestimatedCount: Int { members.count }

    /// Starts at the largest member.
    public func makeIterator() -> Iterator {
      let index = members.spanCount - 1
      return Iterator(members: members, index: index, ahead: members.span(at: index))
    }

    /// Walks the members downwards.
    public struct Iterator: IteratorProtocol, Sendable {
      let members: SequenceSet
      var index: Int
      /// What is still to come of the range at `index`.
      var ahead: Span?

      /// The next smaller member.
      public mutating func next() -> Int? {
        guard let span = ahead else { return nil }
        if span.first < span.last {
          ahead = Span(first: span.first, last: span.last - 1)
        } else {
          index -= 1
          ahead = members.span(at: index)
        }
        return span.last
      }
    }
  }

  /// The range at `index`, nil on either side of them.
  func span(at index: Int) -> Span? {
    switch storage {
    case .none: nil
    case .one(let span): index == 0 ? span : nil
    case .many(let runs): runs.spans.indices.contains(index) ? runs.spans[index] : nil
    }
  }
}

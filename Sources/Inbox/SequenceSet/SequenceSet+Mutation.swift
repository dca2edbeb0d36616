extension SequenceSet {
  /// Adds `n`.
  public mutating func insert(_ n: Int) {
    guard n >= 1 else { return }
    insert(Span(first: n, last: n))
  }

  /// Removes `n`.
  public mutating func remove(_ n: Int) {
    remove(Span(first: n, last: n))
  }

  /// Adds a range; in place if no other set shares the ranges.
  mutating func insert(_ span: Span) {
    switch storage {
    case .empty:
      storage = .one(span)
    case .one(let mine):
      if mine.last < span.first - 1 {
        storage = .many(Runs([mine, span]))
      } else if span.last < mine.first - 1 {
        storage = .many(Runs([span, mine]))
      } else {
        storage = .one(Span(first: min(mine.first, span.first), last: max(mine.last, span.last)))
      }
    case .many(var runs):
      // The ranges that overlap or touch `span`; `first - 1` rather than `last + 1`, which could overflow.
      let lower = runs.firstSpan(endingAtOrAfter: span.first - 1)
      let upper = runs.firstSpan(startingAfter: span.last == .max ? .max : span.last + 1)
      var joined = span
      if lower < upper {
        joined.first = min(joined.first, runs.spans[lower].first)
        joined.last = max(joined.last, runs.spans[upper - 1].last)
        if joined == runs.spans[lower] { return }
      }
      // With the enum's copy released, the arrays are changed in place.
      storage = .empty
      runs.replace(lower..<upper, with: CollectionOfOne(joined))
      storage = runs.spans.count == 1 ? .one(joined) : .many(runs)
    }
  }

  /// Removes a range; in place if no other set shares the ranges.
  mutating func remove(_ span: Span) {
    switch storage {
    case .empty:
      return
    case .one(let mine):
      guard mine.overlaps(span) else { return }
      let (left, right) = mine.subtracting(span)
      switch (left, right) {
      case (let left?, let right?): storage = .many(Runs([left, right]))
      case (let rest?, nil), (nil, let rest?): storage = .one(rest)
      case (nil, nil): storage = .empty
      }
    case .many(var runs):
      let overlapping = runs.indices(overlapping: span)
      guard let lower = overlapping.first, let upper = overlapping.last else { return }
      let left = runs.spans[lower].subtracting(span).left
      let right = runs.spans[upper].subtracting(span).right
      storage = .empty
      switch (left, right) {
      case (let left?, let right?): runs.replace(overlapping, with: [left, right])
      case (let rest?, nil), (nil, let rest?): runs.replace(overlapping, with: CollectionOfOne(rest))
      case (nil, nil): runs.replace(overlapping, with: EmptyCollection())
      }
      storage = runs.spans.count < 2 ? Storage(normalised: runs.spans) : .many(runs)
    }
  }
}

extension SequenceSet.Span {
  /// The parts of this range on each side of `other`, which overlaps it.
  func subtracting(_ other: Self) -> (left: Self?, right: Self?) {
    (
      left: first < other.first ? Self(first: first, last: other.first - 1) : nil,
      right: other.last < last ? Self(first: other.last + 1, last: last) : nil
    )
  }
}

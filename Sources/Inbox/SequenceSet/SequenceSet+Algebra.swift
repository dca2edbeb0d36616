extension SequenceSet {
  /// The members of either set.
  public func union(_ other: SequenceSet) -> SequenceSet {
    var result = self
    result.formUnion(other)
    return result
  }

  /// The members that `other` hasn't.
  public func subtracting(_ other: SequenceSet) -> SequenceSet {
    var result = self
    result.subtract(other)
    return result
  }

  /// Adds the members of `other`.
  public mutating func formUnion(_ other: SequenceSet) {
    switch (storage, other.storage) {
    case (_, .none):
      return
    case (.none, _):
      self = other
    case (_, .one(let span)):
      insert(span)
    case (.one(let span), .many):
      self = other
      insert(span)
    case (.many(let mine), .many(let theirs)):
      guard !mine.isIdentical(to: theirs) else { return }
      storage = Storage(normalised: Sweep.union(mine.spans, theirs.spans))
    }
  }

  /// Takes the members of `other` out.
  public mutating func subtract(_ other: SequenceSet) {
    guard let extent, let otherExtent = other.extent, extent.overlaps(otherExtent) else { return }
    switch (storage, other.storage) {
    case (.none, _), (_, .none):
      return
    case (_, .one(let span)):
      remove(span)
    case (.one, .many(let theirs)):
      storage = Storage(normalised: Sweep.difference([extent], theirs.spans))
    case (.many(let mine), .many(let theirs)):
      guard !mine.isIdentical(to: theirs) else {
        storage = .none
        return
      }
      storage = Storage(normalised: Sweep.difference(mine.spans, theirs.spans))
    }
  }

  /// Keeps only the members of `other`.
  public mutating func formIntersection(_ other: SequenceSet) {
    self = intersection(other)
  }

  /// The members of both sets.
  public func intersection(_ other: SequenceSet) -> SequenceSet {
    switch (storage, other.storage) {
    case (.none, _), (_, .none):
      return SequenceSet()
    case (_, .one(let span)):
      return intersection(span.first, through: span.last)
    case (.one(let span), _):
      return other.intersection(span.first, through: span.last)
    case (.many(let mine), .many(let theirs)):
      guard !mine.isIdentical(to: theirs) else { return self }
      guard mine.extent.overlaps(theirs.extent) else { return SequenceSet() }
      return SequenceSet(storage: Storage(normalised: Sweep.intersection(mine.spans, theirs.spans)))
    }
  }

  /// The members from `first` to `last`, both included; O(log ranges + ranges of the result).
  public func intersection(_ first: Int, through last: Int) -> SequenceSet {
    switch storage {
    case .none:
      return self
    case .one(let span):
      return SequenceSet(max(first, span.first), through: min(last, span.last))
    case .many(let runs):
      let extent = runs.extent
      if first <= extent.first && extent.last <= last { return self }
      let lower = runs.firstSpan(endingAtOrAfter: first)
      let upper = runs.firstSpan(startingAfter: last)
      guard lower < upper else { return SequenceSet() }
      var head = runs.spans[lower]
      head.first = max(head.first, first)
      guard lower + 1 < upper else { return SequenceSet(head.first, through: min(head.last, last)) }
      var kept = Array(runs.spans[lower..<upper])
      kept[0] = head
      kept[kept.count - 1].last = min(kept[kept.count - 1].last, last)
      return SequenceSet(storage: .many(Runs(kept)))
    }
  }

  /// Whether the sets have no member in common.
  public func isDisjoint(with other: SequenceSet) -> Bool {
    countIntersecting(other) == 0
  }

  /// Whether every member of `other` is a member.
  public func isSuperset(of other: SequenceSet) -> Bool {
    other.spanCount == 0 || countIntersecting(other) == other.count
  }

  /// How many members the sets have in common.
  public func countIntersecting(_ other: SequenceSet) -> Int {
    switch (storage, other.storage) {
    case (.none, _), (_, .none):
      return 0
    case (_, .one(let span)):
      return countIntersecting(span.first, through: span.last)
    case (.one(let span), _):
      return other.countIntersecting(span.first, through: span.last)
    case (.many(let mine), .many(let theirs)):
      guard !mine.isIdentical(to: theirs) else { return mine.total }
      guard mine.extent.overlaps(theirs.extent) else { return 0 }
      return Sweep.countIntersecting(mine.spans, theirs.spans)
    }
  }

  /// How many members lie from `first` to `last`, both included; O(log ranges).
  public func countIntersecting(_ first: Int, through last: Int) -> Int {
    guard first <= last else { return 0 }
    return rank(of: last) + (contains(last) ? 1 : 0) - rank(of: first)
  }
}

extension SequenceSet.Span {
  func overlaps(_ other: Self) -> Bool {
    first <= other.last && other.first <= last
  }
}

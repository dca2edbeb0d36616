extension SequenceSet {
  /// Returns the members of either set.
  public func union(_ other: SequenceSet) -> SequenceSet {
    var result = self
    result.formUnion(other)
    return result
  }

  /// Returns the members that are not in `other`.
  public func subtracting(_ other: SequenceSet) -> SequenceSet {
    var result = self
    result.subtract(other)
    return result
  }

  /// Adds the members of `other`.
  public mutating func formUnion(_ other: SequenceSet) {
    switch (storage, other.storage) {
    case (_, .empty):
      return
    case (.empty, _):
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

  /// Removes the members of `other`.
  public mutating func subtract(_ other: SequenceSet) {
    guard let extent, let otherExtent = other.extent, extent.overlaps(otherExtent) else { return }
    switch (storage, other.storage) {
    case (.empty, _), (_, .empty):
      return
    case (_, .one(let span)):
      remove(span)
    case (.one, .many(let theirs)):
      storage = Storage(normalised: Sweep.difference([extent], theirs.spans))
    case (.many(let mine), .many(let theirs)):
      guard !mine.isIdentical(to: theirs) else {
        storage = .empty
        return
      }
      storage = Storage(normalised: Sweep.difference(mine.spans, theirs.spans))
    }
  }

  /// Removes the members that are not in `other`.
  public mutating func formIntersection(_ other: SequenceSet) {
    self = intersection(other)
  }

  /// Returns the members of both sets.
  public func intersection(_ other: SequenceSet) -> SequenceSet {
    switch (storage, other.storage) {
    case (.empty, _), (_, .empty):
      return SequenceSet()
    case (_, .one(let span)):
      return intersection(span.first, through: span.last)
    case (.one(let span), _):
      return other.intersection(span.first, through: span.last)
    case (.many(let mine), .many(let theirs)):
      guard !mine.isIdentical(to: theirs) else { return self }
      guard mine.extent.overlaps(theirs.extent) else { return SequenceSet() }
      if mine.isFew(beside: theirs) { return SequenceSet(theirs.searched(for: mine)) }
      if theirs.isFew(beside: mine) { return SequenceSet(mine.searched(for: theirs)) }
      return SequenceSet(storage: Storage(normalised: Sweep.intersection(mine.spans, theirs.spans)))
    }
  }

  /// Returns the members from `first` to `last`, both included; O(log ranges + ranges of the result).
  public func intersection(_ first: Int, through last: Int) -> SequenceSet {
    switch storage {
    case .empty:
      return self
    case .one(let span):
      return SequenceSet(max(first, span.first), through: min(last, span.last))
    case .many(let runs):
      let extent = runs.extent
      if first <= extent.first && extent.last <= last { return self }
      guard first <= last else { return SequenceSet() }
      let span = Span(first: first, last: last)
      let indices = runs.indices(overlapping: span)
      guard indices.count > 1 else {
        return SequenceSet(storage: indices.first.map { .one(runs.spans[$0].clamped(to: span)) } ?? .empty)
      }
      var kept = Array(runs.spans[indices])
      kept[0] = kept[0].clamped(to: span)
      kept[kept.count - 1] = kept[kept.count - 1].clamped(to: span)
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

  /// The number of members that the sets have in common.
  public func countIntersecting(_ other: SequenceSet) -> Int {
    switch (storage, other.storage) {
    case (.empty, _), (_, .empty):
      return 0
    case (_, .one(let span)):
      return countIntersecting(span.first, through: span.last)
    case (.one(let span), _):
      return other.countIntersecting(span.first, through: span.last)
    case (.many(let mine), .many(let theirs)):
      guard !mine.isIdentical(to: theirs) else { return mine.total }
      guard mine.extent.overlaps(theirs.extent) else { return 0 }
      if mine.isFew(beside: theirs) { return other.countIntersecting(eachOf: mine) }
      if theirs.isFew(beside: mine) { return countIntersecting(eachOf: theirs) }
      return Sweep.countIntersecting(mine.spans, theirs.spans)
    }
  }

  /// The number of members from `first` to `last`, both included; O(log ranges).
  public func countIntersecting(_ first: Int, through last: Int) -> Int {
    guard first <= last else { return 0 }
    return count(through: last) - rank(of: first)
  }
}

extension SequenceSet {
  private func countIntersecting(eachOf runs: Runs) -> Int {
    runs.spans.reduce(0) { $0 + countIntersecting($1.first, through: $1.last) }
  }
}

extension SequenceSet.Runs {
  /// Whether looking each range up in `other` is cheaper than a pass over both.
  fileprivate func isFew(beside other: Self) -> Bool {
    spans.count < other.spans.count / 32
  }

  /// The members that these ranges have in common with the few ranges of `other`.
  fileprivate func searched(for other: Self) -> SequenceSet.SpanBuilder {
    var common = SequenceSet.SpanBuilder()
    for span in other.spans {
      for index in indices(overlapping: span) { common.append(spans[index].clamped(to: span)) }
    }
    return common
  }
}

extension SequenceSet.Span {
  func overlaps(_ other: Self) -> Bool {
    first <= other.last && other.first <= last
  }

  /// The part of this range that lies in `other`, which overlaps it.
  func clamped(to other: Self) -> Self {
    Self(first: max(first, other.first), last: min(last, other.last))
  }
}

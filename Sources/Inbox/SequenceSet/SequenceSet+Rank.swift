extension SequenceSet {
  /// The number of members smaller than `n`; O(log ranges).
  public func rank(of n: Int) -> Int {
    n <= 1 ? 0 : count(through: n - 1)
  }

  /// The number of members up to `n`, including it; O(log ranges).
  func count(through n: Int) -> Int {
    switch storage {
    case .empty:
      return 0
    case .one(let span):
      return n < span.first ? 0 : min(n, span.last) - span.first + 1
    case .many(let runs):
      let index = runs.firstSpan(endingAtOrAfter: n)
      let before = runs.count(before: index)
      guard index < runs.spans.count, runs.spans[index].first <= n else { return before }
      return before + (n - runs.spans[index].first + 1)
    }
  }

  /// The `k`-th member in ascending order, counted from 0; O(log ranges).
  ///
  /// - Precondition: 0 <= `k` < `count`.
  public func select(_ k: Int) -> Int {
    precondition(k >= 0 && k < count, "there is no member with this rank")
    switch storage {
    case .empty:
      preconditionFailure("an empty set has no member")
    case .one(let span):
      return span.first + k
    case .many(let runs):
      let index = runs.span(holding: k)
      return runs.spans[index].first + (k - runs.count(before: index))
    }
  }

  /// The `k` largest members; all of them if there are fewer, none if `k` <= 0.
  public func newest(_ k: Int) -> SequenceSet {
    if k <= 0 { return SequenceSet() }
    if k >= count { return self }
    return intersection(select(count - k), through: .max)
  }

  /// The `k` smallest members; all of them if there are fewer, none if `k` <= 0.
  public func oldest(_ k: Int) -> SequenceSet {
    if k <= 0 { return SequenceSet() }
    if k >= count { return self }
    return intersection(1, through: select(k - 1))
  }

  /// The members smaller than `n`.
  public func below(_ n: Int) -> SequenceSet {
    n <= 1 ? SequenceSet() : intersection(1, through: n - 1)
  }

  /// The members larger than `n`.
  public func above(_ n: Int) -> SequenceSet {
    n == .max ? SequenceSet() : intersection(n + 1, through: .max)
  }
}

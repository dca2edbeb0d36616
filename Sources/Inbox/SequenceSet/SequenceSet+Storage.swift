extension SequenceSet {
  /// No range and one range are by far the most common, and live without an allocation.
  enum Storage: Hashable, Sendable {
    case none
    case one(Span)
    /// Two ranges or more.
    case many(Runs)

    /// The storage for ranges that are already sorted and don't touch.
    init(normalised spans: [Span]) {
      switch spans.count {
      case 0: self = .none
      case 1: self = .one(spans[0])
      default: self = .many(Runs(spans))
      }
    }
  }

  /// Two ranges or more, with the running count of members that makes `rank` and `select` searches.
  struct Runs: Hashable, Sendable {
    /// Sorted, at least one number missing between two of them.
    private(set) var spans: [Span]
    /// `counts[i]` is the number of members in `spans[0...i]`.
    private(set) var counts: [Int]

    init(_ spans: [Span]) {
      self.spans = spans
      counts = []
      counts.reserveCapacity(spans.count)
      recount(from: 0)
    }

    /// How many members there are.
    var total: Int { counts[counts.count - 1] }

    /// The smallest range that covers all.
    var extent: Span { Span(first: spans[0].first, last: spans[spans.count - 1].last) }

    /// How many members lie in the ranges before `index`.
    func count(before index: Int) -> Int {
      index == 0 ? 0 : counts[index - 1]
    }

    /// The index of the first range that ends at `n` or later; the number of ranges if there is none.
    func firstSpan(endingAtOrAfter n: Int) -> Int {
      Self.partition(spans.count) { spans[$0].last >= n }
    }

    /// The index of the first range that starts after `n`; the number of ranges if there is none.
    func firstSpan(startingAfter n: Int) -> Int {
      Self.partition(spans.count) { spans[$0].first > n }
    }

    /// The index of the range that holds the `k`-th member, counted from 0.
    func span(holding k: Int) -> Int {
      Self.partition(counts.count) { counts[$0] > k }
    }

    /// Puts `replacement` in the place of the ranges at `indices`.
    mutating func replace(_ indices: Range<Int>, with replacement: some Collection<Span>) {
      spans.replaceSubrange(indices, with: replacement)
      recount(from: indices.lowerBound)
    }

    private mutating func recount(from index: Int) {
      counts.removeSubrange(min(index, counts.count)...)
      var total = count(before: index)
      for span in spans[index...] {
        total += span.count
        counts.append(total)
      }
    }

    /// The first index of 0 ..< `count` from which `isAfter` holds, where it holds for all that follow one.
    @inline(__always)
    private static func partition(_ count: Int, _ isAfter: (Int) -> Bool) -> Int {
      var low = 0
      var high = count
      while low < high {
        let middle = low + (high - low) / 2
        if isAfter(middle) { high = middle } else { low = middle + 1 }
      }
      return low
    }

    // The running counts follow from the ranges.
    static func == (a: Runs, b: Runs) -> Bool { a.spans == b.spans }
    func hash(into hasher: inout Hasher) { hasher.combine(spans) }
  }

  /// Collects ascending ranges into a set, joining those that overlap or touch.
  struct SpanBuilder {
    private var closed: [Span] = []
    private var open: Span?

    /// Adds a range that starts no earlier than the one before.
    mutating func append(_ span: Span) {
      guard var current = open else {
        open = span
        return
      }
      // first - 1 can't underflow, where last + 1 could overflow.
      if span.first - 1 <= current.last {
        current.last = max(current.last, span.last)
        open = current
      } else {
        closed.append(current)
        open = span
      }
    }

    /// What was collected.
    consuming func finish() -> Storage {
      guard let open else { return .none }
      guard !closed.isEmpty else { return .one(open) }
      closed.append(open)
      return .many(Runs(closed))
    }
  }
}

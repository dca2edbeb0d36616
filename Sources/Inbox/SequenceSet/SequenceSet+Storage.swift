extension SequenceSet {
  /// No range and one range are by far the most common cases, and need no allocation.
  enum Storage: Hashable, Sendable {
    case empty
    case one(Span)
    /// Two ranges or more.
    case many(Runs)

    /// The storage for ranges that are already sorted and don't touch.
    init(normalised spans: [Span]) {
      switch spans.count {
      case 0: self = .empty
      case 1: self = .one(spans[0])
      default: self = .many(Runs(spans))
      }
    }
  }

  /// Two ranges or more, with running counts of members, so that `rank` and `select` are binary searches.
  struct Runs: Hashable, Sendable {
    /// The ranges, sorted; at least one number is missing between any two of them.
    private(set) var spans: [Span]
    /// `counts[i]` is the number of members in `spans[0...i]`.
    private(set) var counts: [Int]

    init(_ spans: [Span]) {
      self.spans = spans
      // Every element is written before it counts as initialised.
      counts = [Int](unsafeUninitializedCapacity: spans.count) { out, count in
        var total = 0
        for span in spans {
          total &+= span.count
          out[count] = total
          count += 1
        }
      }
    }

    /// The number of members.
    var total: Int { counts[counts.count - 1] }

    /// The smallest range that covers all ranges.
    var extent: Span { Span(first: spans[0].first, last: spans[spans.count - 1].last) }

    /// The number of members in the ranges before `index`.
    func count(before index: Int) -> Int {
      index == 0 ? 0 : counts[index - 1]
    }

    /// The index of the first range that ends at `n` or later; the number of ranges if there is none.
    func firstSpan(endingAtOrAfter n: Int) -> Int {
      Self.partition(spans) { $0.last >= n }
    }

    /// The index of the first range that starts after `n`; the number of ranges if there is none.
    func firstSpan(startingAfter n: Int) -> Int {
      Self.partition(spans) { $0.first > n }
    }

    /// The indices of the ranges that overlap `span`.
    func indices(overlapping span: Span) -> Range<Int> {
      let lower = firstSpan(endingAtOrAfter: span.first)
      return lower..<max(lower, firstSpan(startingAfter: span.last))
    }

    /// The index of the range that holds the `k`-th member, counted from 0.
    func span(holding k: Int) -> Int {
      Self.partition(counts) { $0 > k }
    }

    /// Replaces the ranges at `indices`.
    mutating func replace(_ indices: Range<Int>, with replacement: some Collection<Span>) {
      spans.replaceSubrange(indices, with: replacement)
      recount(from: indices.lowerBound)
    }

    private mutating func recount(from index: Int) {
      if counts.count > spans.count {
        counts.removeLast(counts.count - spans.count)
      } else {
        counts.append(contentsOf: repeatElement(0, count: spans.count - counts.count))
      }
      var total = count(before: index)
      // Checks once that the array is unshared, instead of once for each element.
      counts.withUnsafeMutableBufferPointer { counts in
        for index in index..<counts.count {
          total &+= spans[index].count
          counts[index] = total
        }
      }
    }

    /// The index of the first element that `isAfter` accepts, if it accepts all elements after that one too;
    /// the number of elements if there is none.
    @inline(__always)
    private static func partition<Element>(_ elements: [Element], _ isAfter: (Element) -> Bool) -> Int {
      // The buffer lives as long as the array, and is only read.
      elements.withUnsafeBufferPointer { elements in
        // The answer lies in base ... base + length, which is halved without a branch that could be
        // mispredicted.
        var base = 0
        var length = elements.count
        while length > 0 {
          let half = (length &+ 1) / 2
          base &+= half & (isAfter(elements[base &+ half &- 1]) ? 0 : -1)
          length &-= half
        }
        return base
      }
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

    /// The storage of the collected ranges.
    consuming func finish() -> Storage {
      guard let open else { return .empty }
      guard !closed.isEmpty else { return .one(open) }
      closed.append(open)
      return .many(Runs(closed))
    }
  }
}

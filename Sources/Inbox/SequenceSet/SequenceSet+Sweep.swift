extension SequenceSet {
  /// The operations on two sorted lists of ranges: one pass over both.
  enum Sweep {
    static func union(_ a: [Span], _ b: [Span]) -> [Span] {
      var result: [Span] = []
      result.reserveCapacity(a.count + b.count)
      var i = 0
      var j = 0
      var current = a[0].first <= b[0].first ? a[0] : b[0]
      while i < a.count || j < b.count {
        let next: Span
        if j == b.count || (i < a.count && a[i].first <= b[j].first) {
          next = a[i]
          i += 1
        } else {
          next = b[j]
          j += 1
        }
        if next.first - 1 <= current.last {
          current.last = max(current.last, next.last)
        } else {
          result.append(current)
          current = next
        }
      }
      result.append(current)
      return result
    }

    static func intersection(_ a: [Span], _ b: [Span]) -> [Span] {
      var result: [Span] = []
      eachCommon(a, b) { result.append(Span(first: $0, last: $1)) }
      return result
    }

    static func countIntersecting(_ a: [Span], _ b: [Span]) -> Int {
      var total = 0
      eachCommon(a, b) { total += $1 - $0 + 1 }
      return total
    }

    static func difference(_ a: [Span], _ b: [Span]) -> [Span] {
      var result: [Span] = []
      eachCommon(a, complement(b)) { result.append(Span(first: $0, last: $1)) }
      return result
    }

    private static func complement(_ spans: [Span]) -> [Span] {
      var result: [Span] = []
      var first = 1
      for span in spans {
        if first < span.first { result.append(Span(first: first, last: span.first - 1)) }
        if span.last == .max { return result }
        first = span.last + 1
      }
      result.append(Span(first: first, last: .max))
      return result
    }

    @inline(__always)
    private static func eachCommon(_ a: [Span], _ b: [Span], _ body: (Int, Int) -> Void) {
      var i = 0
      var j = 0
      while i < a.count, j < b.count {
        let first = max(a[i].first, b[j].first)
        let last = min(a[i].last, b[j].last)
        if first <= last { body(first, last) }
        if a[i].last == last { i += 1 } else { j += 1 }
      }
    }
  }
}

extension SequenceSet.Runs {
  /// Whether both are the same arrays: copies of one value, not changed since.
  func isIdentical(to other: Self) -> Bool {
    // Only the addresses are compared, nothing is read through them.
    spans.withUnsafeBufferPointer { mine in
      other.spans.withUnsafeBufferPointer { mine.baseAddress == $0.baseAddress && mine.count == $0.count }
    }
  }
}

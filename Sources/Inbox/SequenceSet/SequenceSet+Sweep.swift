extension SequenceSet {
  /// The operations on two sorted lists of ranges, neither of them empty: one pass over both.
  ///
  /// The order in which ranges of the two lists come is as good as random, so the loops choose by arithmetic
  /// rather than by a branch that would be mispredicted every other time. They write a candidate, which the
  /// next one overwrites if it doesn't count. Each step consumes a range of at least one list, so the sum of
  /// their lengths bounds every index into the output.
  enum Sweep {
    static func union(_ a: [Span], _ b: [Span]) -> [Span] {
      collect(a, b) { a, b, out in
        var i = 0
        var j = 0
        var k = 0
        // An empty range, which the first range touches.
        let first = min(a[0].first, b[0].first)
        var current = Span(first: first, last: first - 1)
        while i < a.count, j < b.count {
          let (mine, theirs) = (a[i], b[j])
          let takesMine = lessMask(mine.first, theirs.first)
          let next = Span(
            first: theirs.first &+ ((mine.first &- theirs.first) & takesMine),
            last: theirs.last &+ ((mine.last &- theirs.last) & takesMine))
          i &-= takesMine
          j &+= 1 &+ takesMine
          join(next, to: &current, out, &k)
        }
        // At most one of the lists has anything left.
        let rest =
          i < a.count ? UnsafeBufferPointer(rebasing: a[i...]) : UnsafeBufferPointer(rebasing: b[j...])
        for span in rest { join(span, to: &current, out, &k) }
        out[k] = current
        return k + 1
      }
    }

    static func intersection(_ a: [Span], _ b: [Span]) -> [Span] {
      collect(a, b) { a, b, out in
        var k = 0
        eachOverlap(a, b) { first, last in
          out[k] = Span(first: first, last: last)
          k &+= 1 &+ lessMask(last, first)
        }
        return k
      }
    }

    static func countIntersecting(_ a: [Span], _ b: [Span]) -> Int {
      // The buffers live as long as the arrays, and are only read.
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          var total = 0
          eachOverlap(a, b) { first, last in
            total &+= (last &- first &+ 1) & ~lessMask(last, first)
          }
          return total
        }
      }
    }

    /// The members of `a` that aren't in `b`: those in the gaps of `b`.
    static func difference(_ a: [Span], _ b: [Span]) -> [Span] {
      collect(a, b) { a, b, out in
        var i = 0
        var j = 0
        var k = 0
        var gapFirst = 1
        while i < a.count, j < b.count {
          // Empty if b starts at 1.
          let gapLast = b[j].first &- 1
          let mine = a[i]
          let first = maximum(mine.first, gapFirst)
          let last = minimum(mine.last, gapLast)
          out[k] = Span(first: first, last: last)
          k &+= 1 &+ lessMask(last, first)
          i &+= 1 &+ lessMask(gapLast, mine.last)
          let staysInGap = lessMask(mine.last, gapLast)
          // Wraps if b ends at Int.max, which is checked below.
          let nextGap = b[j].last &+ 1
          gapFirst = nextGap &+ ((gapFirst &- nextGap) & staysInGap)
          j &+= 1 &+ staysInGap
        }
        guard b[b.count - 1].last < .max else { return k }
        while i < a.count {
          let first = maximum(a[i].first, gapFirst)
          out[k] = Span(first: first, last: a[i].last)
          k &+= 1 &+ lessMask(a[i].last, first)
          i &+= 1
        }
        return k
      }
    }

    /// Joins `next` to `current` if they touch; otherwise writes `current` and continues with `next`.
    @inline(__always)
    private static func join(
      _ next: Span, to current: inout Span, _ out: UnsafeMutableBufferPointer<Span>, _ k: inout Int
    ) {
      // first - 1 can't underflow, where last + 1 could overflow.
      let isApart = lessMask(current.last, next.first &- 1)
      out[k] = current
      k &-= isApart
      current.first &+= (next.first &- current.first) & isApart
      current.last = maximum(current.last, next.last)
    }

    /// All bits set if `a` < `b`, otherwise none. Both lie in 0 ... `Int.max`, so the difference can't
    /// overflow.
    @inline(__always)
    private static func lessMask(_ a: Int, _ b: Int) -> Int {
      (a &- b) >> (Int.bitWidth - 1)
    }

    @inline(__always)
    private static func minimum(_ a: Int, _ b: Int) -> Int {
      b &+ ((a &- b) & lessMask(a, b))
    }

    @inline(__always)
    private static func maximum(_ a: Int, _ b: Int) -> Int {
      a &+ ((b &- a) & lessMask(a, b))
    }

    /// Calls `body` with the first and last number that each range of `a` has in common with each nearby
    /// range of `b`; the last is smaller than the first if they have none in common.
    @inline(__always)
    private static func eachOverlap(
      _ a: UnsafeBufferPointer<Span>, _ b: UnsafeBufferPointer<Span>, _ body: (Int, Int) -> Void
    ) {
      var i = 0
      var j = 0
      while i < a.count, j < b.count {
        let (mine, theirs) = (a[i], b[j])
        body(maximum(mine.first, theirs.first), minimum(mine.last, theirs.last))
        i &+= 1 &+ lessMask(theirs.last, mine.last)
        j &+= 1 &+ lessMask(mine.last, theirs.last)
      }
    }

    /// Runs `body` with both lists and room for as many ranges as both have; `body` returns how many it
    /// wrote.
    @inline(__always)
    private static func collect(
      _ a: [Span], _ b: [Span],
      _ body: (
        UnsafeBufferPointer<Span>, UnsafeBufferPointer<Span>, UnsafeMutableBufferPointer<Span>
      ) -> Int
    ) -> [Span] {
      let capacity = a.count + b.count
      // The buffers live as long as the arrays. A Span is plain data, so assigning to uninitialised memory
      // initialises it, and the memory after the count needs no clearing.
      let result = [Span](unsafeUninitializedCapacity: capacity) { out, count in
        count = a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { b in body(a, b, out) } }
      }
      // A small result doesn't keep the memory of a large one.
      return result.count < capacity / 2 ? result.withUnsafeBufferPointer { Array($0) } : result
    }
  }
}

extension SequenceSet.Runs {
  /// Whether both are the same arrays: copies of one value, unchanged since.
  func isIdentical(to other: Self) -> Bool {
    // Only the addresses are compared, nothing is read through them.
    spans.withUnsafeBufferPointer { mine in
      other.spans.withUnsafeBufferPointer { mine.baseAddress == $0.baseAddress && mine.count == $0.count }
    }
  }
}

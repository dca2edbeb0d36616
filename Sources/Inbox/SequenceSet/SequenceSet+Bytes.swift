extension SequenceSet {
  /// Writes the set: the number of ranges, then for each range how many numbers are missing before it and how
  /// many it has, all as varints. Ranges near one another take two bytes.
  public func encode(to writer: inout ByteWriter) {
    writer.writeVarint(UInt64(spanCount))
    switch storage {
    case .empty:
      return
    case .one(let span):
      writer.writeVarint(UInt64(span.first - 1))
      writer.writeVarint(UInt64(span.count))
    case .many(let runs):
      let spans = runs.spans
      writer.writeVarints(count: 2 * spans.count) { index in
        let span = spans[index / 2]
        if index % 2 == 1 { return UInt64(span.count) }
        let end = index == 0 ? 0 : spans[index / 2 - 1].last
        return UInt64(span.first - end - 1)
      }
    }
  }

  /// Reads a set that `encode` wrote.
  ///
  /// - Throws: `DecodingFailure` if the bytes end early or are anything that `encode` doesn't write:
  ///   more ranges than bytes, an empty range, ranges that touch, numbers above `Int.max`.
  public init(from reader: inout ByteReader) throws(DecodingFailure) {
    let start = reader.offset
    let count = try reader.readCount()
    // A range takes at least two bytes: a larger count is refused before memory is reserved for it.
    guard count <= reader.remaining / 2 else {
      throw DecodingFailure(offset: start, reason: "more ranges than the bytes can hold")
    }
    guard count > 1 else {
      storage = count == 0 ? .empty : .one(try Self.decodeSpan(from: &reader, after: nil))
      return
    }
    var failure: DecodingFailure?
    // Every range is written before it counts as initialised.
    let spans = [Span](unsafeUninitializedCapacity: count) { out, done in
      do throws(DecodingFailure) {
        while done < count {
          out[done] = try Self.decodeSpan(from: &reader, after: done == 0 ? nil : out[done - 1].last)
          done += 1
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    storage = .many(Runs(spans))
  }

  @inline(__always)
  private static func decodeSpan(
    from reader: inout ByteReader, after end: Int?
  ) throws(DecodingFailure) -> Span {
    let offset = reader.offset
    let gap = try reader.readCount()
    let length = try reader.readCount()
    guard gap > 0 || end == nil else {
      throw DecodingFailure(offset: offset, reason: "ranges that touch")
    }
    guard length > 0 else {
      throw DecodingFailure(offset: offset, reason: "an empty range")
    }
    let (before, gapOverflow) = (end ?? 0).addingReportingOverflow(gap)
    let (last, overflow) = before.addingReportingOverflow(length)
    guard !gapOverflow && !overflow else {
      throw DecodingFailure(offset: offset, reason: "a sequence number is too large")
    }
    return Span(first: before + 1, last: last)
  }
}

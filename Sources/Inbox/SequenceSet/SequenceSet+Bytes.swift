extension SequenceSet {
  /// Writes the set: the number of ranges, then for each one how many numbers are missing before it and
  /// how many it has, all as varints. Ranges near one another take two bytes.
  public func encode(to writer: inout ByteWriter) {
    writer.writeVarint(UInt64(spanCount))
    var end = 0
    for span in spans {
      writer.writeVarint(UInt64(span.first - end - 1))
      writer.writeVarint(UInt64(span.count))
      end = span.last
    }
  }

  /// Reads a set that `encode` wrote.
  ///
  /// - Throws: `DecodingFailure` where the bytes end early, or are anything that `encode` doesn't write:
  ///   more ranges than bytes, an empty range, ranges that touch, numbers above `Int.max`.
  public init(from reader: inout ByteReader) throws(DecodingFailure) {
    let start = reader.offset
    let count = try reader.readCount()
    // A range takes at least two bytes: refuse before reserving memory for it.
    guard count <= reader.remaining / 2 else {
      throw DecodingFailure(offset: start, reason: "more ranges than the bytes can hold")
    }
    var spans: [Span] = []
    if count > 1 { spans.reserveCapacity(count) }
    var end = 0
    var single: Span?
    for index in 0..<count {
      let offset = reader.offset
      let gap = try reader.readCount()
      let length = try reader.readCount()
      guard gap > 0 || index == 0 else {
        throw DecodingFailure(offset: offset, reason: "ranges that touch")
      }
      guard length > 0 else {
        throw DecodingFailure(offset: offset, reason: "an empty range")
      }
      let (before, gapOverflow) = end.addingReportingOverflow(gap)
      let (last, overflow) = before.addingReportingOverflow(length)
      guard !gapOverflow && !overflow else {
        throw DecodingFailure(offset: offset, reason: "a sequence number is too large")
      }
      let span = Span(first: before + 1, last: last)
      if count == 1 { single = span } else { spans.append(span) }
      end = last
    }
    storage = if let single { .one(single) } else { Storage(normalised: spans) }
  }
}

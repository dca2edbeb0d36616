import Seeds
import Testing

@testable import Inbox

/// Parses a set from its text, so that tables show sets.
func sequenceSet(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> SequenceSet {
  try #require(SequenceSet(text: text), "no sequence set: \(text)", sourceLocation: sourceLocation)
}

/// Checks the properties of every set, however it was made.
func expectNormalised(_ set: SequenceSet, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(isNormalised(set), "\(set.spans)", sourceLocation: sourceLocation)
}

/// Returns whether the ranges are sorted, don't touch, and agree with the counts.
func isNormalised(_ set: SequenceSet) -> Bool {
  let spans = set.spans
  var total = 0
  for (index, span) in spans.enumerated() {
    guard span.first >= 1, span.first <= span.last else { return false }
    if index > 0, span.first - 1 <= spans[index - 1].last { return false }
    total += span.last - span.first + 1
  }
  if case .many(let runs) = set.storage, runs.spans.count < 2 || runs.counts.count != spans.count {
    return false
  }
  return set.spanCount == spans.count && set.count == total && set.isEmpty == spans.isEmpty
    && set.first == spans.first?.first && set.last == spans.last?.last
}

/// A random set within `lowest` ... `lowest + width - 1`, with the same members as a plain `Set`.
func randomPair(
  lowest: Int, width: Int, using generator: inout SeededGenerator
) -> (set: SequenceSet, model: Set<Int>) {
  // Dense, sparse, empty and one-range sets must all occur often.
  var model: Set<Int> = []
  switch Int.random(in: 0..<6, using: &generator) {
  case 0:
    break
  case 1:
    let a = Int.random(in: 0..<width, using: &generator)
    let b = Int.random(in: a..<width, using: &generator)
    for number in a...b { model.insert(lowest + number) }
  default:
    let ratio = Int.random(in: 1...9, using: &generator)
    for number in 0..<width where Int.random(in: 0..<10, using: &generator) < ratio {
      model.insert(lowest + number)
    }
  }
  return (SequenceSet(numbers: model), model)
}

/// A set of `count` ranges with gaps: `width` members, then `gap` missing numbers, starting at `first`.
func comb(count: Int, width: Int, gap: Int, first: Int) -> SequenceSet {
  var builder = SequenceSet.SpanBuilder()
  for index in 0..<count {
    let start = first + index * (width + gap)
    builder.append(SequenceSet.Span(first: start, last: start + width - 1))
  }
  return SequenceSet(builder)
}

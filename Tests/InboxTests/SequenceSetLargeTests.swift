import Testing

@testable import Inbox

/// Every operation on sets of 100,000 ranges, compared with the arithmetic of a regular comb.
@Suite struct SequenceSetLargeTests {
  static let size = 100_000
  /// 3:5, 13:15, 23:25, ...
  let comb3 = comb(count: size, width: 3, gap: 7, first: 3)
  /// 1:4, 11:14, 21:24, ...: it has 3:4 in common with each of the others.
  let comb4 = comb(count: size, width: 4, gap: 6, first: 1)

  @Test func sizes() {
    expectNormalised(comb3)
    #expect(comb3.spanCount == Self.size)
    #expect(comb3.count == 3 * Self.size)
  }

  @Test func algebra() {
    let size = Self.size
    let union = comb3.union(comb4)
    #expect(union == comb(count: size, width: 5, gap: 5, first: 1))
    #expect(comb4.union(comb3) == union)
    #expect(comb3.subtracting(comb4) == comb(count: size, width: 1, gap: 9, first: 5))
    #expect(comb4.subtracting(comb3) == comb(count: size, width: 2, gap: 8, first: 1))
    #expect(comb3.intersection(comb4) == comb(count: size, width: 2, gap: 8, first: 3))
    #expect(comb3.countIntersecting(comb4) == 2 * size)
    #expect(!comb3.isDisjoint(with: comb4))
    #expect(union.isSuperset(of: comb3) && !comb3.isSuperset(of: union))

    let gaps = comb(count: size, width: 7, gap: 3, first: 6)
    #expect(comb3.isDisjoint(with: gaps))
    #expect(comb3.union(gaps) == SequenceSet(3, through: 2 + 10 * size))
    #expect(SequenceSet(3, through: 2 + 10 * size).subtracting(gaps) == comb3)
  }

  @Test func withAFewRanges() throws {
    let few = try sequenceSet("1:2,500004:500014,2000000")
    let union = comb3.union(few)
    expectNormalised(union)
    #expect(union == few.union(comb3))
    #expect(union.count == comb3.count + few.count - 4)
    #expect(comb3.intersection(few).description == "500004:500005,500013:500014")
    #expect(few.intersection(comb3) == comb3.intersection(few))
    #expect(comb3.countIntersecting(few) == 4)
    #expect(few.countIntersecting(comb3) == 4)
    #expect(comb3.subtracting(few).count == comb3.count - 4)
    #expect(few.subtracting(comb3).description == "1:2,500006:500012,2000000")
    expectNormalised(comb3.subtracting(few))
  }

  @Test func ranks() {
    for k in stride(from: 0, to: comb3.count, by: 997) {
      #expect(comb3.select(k) == 3 + k / 3 * 10 + k % 3)
      #expect(comb3.rank(of: comb3.select(k)) == k)
      #expect(comb3.contains(comb3.select(k)))
    }
    #expect(comb3.newest(12).spanCount == 4)
    #expect(comb3.oldest(12) == comb(count: 4, width: 3, gap: 7, first: 3))
    #expect(comb3.above(500_000).count + comb3.below(500_001).count == comb3.count)
    #expect(comb3.numbers.reduce(0) { $0 + ($1 > 0 ? 1 : 0) } == comb3.count)
  }

  @Test func changesInPlace() {
    var set = comb3
    for index in stride(from: 0, to: Self.size, by: 10_000) {
      set.insert(10 * index + 9)
      set.remove(10 * index + 4)
    }
    expectNormalised(set)
    #expect(set.spanCount == comb3.spanCount + 20)
    #expect(set.count == comb3.count)
    #expect(comb3.count == 3 * Self.size)
  }

  @Test func everyOtherNumber() {
    let even = SequenceSet(numbers: stride(from: 2, through: 2 * Self.size, by: 2))
    #expect(SequenceSet(numbers: stride(from: 2 * Self.size, through: 2, by: -2)) == even)
    let odd = SequenceSet(numbers: stride(from: 1, to: 2 * Self.size, by: 2))
    #expect(even.union(odd) == SequenceSet(1, through: 2 * Self.size))
    #expect(even.intersection(odd).isEmpty)
    #expect(SequenceSet(1, through: 2 * Self.size).subtracting(even) == odd)
  }

  @Test func textAndBytes() throws {
    #expect(SequenceSet(text: comb3.description) == comb3)
    var writer = ByteWriter()
    comb3.encode(to: &writer)
    #expect(writer.bytes.count == 3 + 2 * Self.size)
    var reader = ByteReader(writer.bytes)
    #expect(try SequenceSet(from: &reader) == comb3)
    #expect(reader.isAtEnd)
  }
}

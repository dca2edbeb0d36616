import Seeds
import Testing

@testable import Inbox

/// The information about the parts before the last one that a cursor carries.
@Suite struct EarlierPartsTests {
  private let heads = Cursor.Position(shared: 10_000, own: 10_000)

  private func part(_ shared: String, _ own: String = "") throws -> Listing.Part {
    Listing.Part(
      shared: try #require(SequenceSet(text: shared)), own: try #require(SequenceSet(text: own)))
  }

  private func cursor(_ earlier: EarlierParts) -> Cursor {
    Cursor(
      listing: .max, part: 0, position: Cursor.Position(shared: 10_001, own: 10_001), heads: heads,
      earlier: earlier)
  }

  @Test(arguments: [
    ("", ""), ("1", ""), ("", "10000"), ("1:10000", "1:10000"), ("1,3,5:7,9999:10000", "2,4:5,9998"),
  ]) func whatFitsIsKeptAsItIs(_ shared: String, _ own: String) throws {
    let parts = [try part(shared, own), try part("2", "3")]
    let earlier = EarlierParts(parts, heads)
    #expect(earlier.parts == parts)
    #expect(Cursor(text: cursor(earlier).text) == cursor(earlier))
  }

  @Test func aPartHoldsWhatNoEarlierOneHas() throws {
    let earlier = EarlierParts([try part("5:6"), try part("5:9", "2")], heads)
    let split = earlier.split(try part("1:7", "1:3"))
    #expect(split == [try part("5:6"), try part("7", "2"), try part("1:4", "1,3")])
  }

  @Test func ofManyRangesTheNewestOfBothLogsAreKept() {
    let odd = SequenceSet(numbers: stride(from: 1, through: 9_999, by: 2))
    let parts = [
      Listing.Part(shared: odd, own: odd), Listing.Part(shared: SequenceSet(2), own: SequenceSet(4)),
    ]
    let earlier = EarlierParts(parts, heads)
    let kept = earlier.parts[0]
    #expect(kept.shared == kept.own && kept.shared == odd.above(10_000 - 2 * kept.shared.count))
    #expect(kept.count > 700)
    #expect(earlier.parts[1].count == 0)
    #expect(cursor(earlier).text.utf8.count <= 2048)
    #expect(Cursor(text: cursor(earlier).text) == cursor(earlier))
  }

  @Test func theLargestNumbersFit() {
    let top = CursorCode.largestNumber
    let far = Cursor.Position(shared: top, own: top)
    let sparse = SequenceSet(numbers: (0..<300).map { top - $0 * (1 << 53) })
    let earlier = EarlierParts([Listing.Part(shared: sparse, own: sparse)], far)
    let cursor = Cursor(listing: .max, part: 1, position: far, heads: far, earlier: earlier)
    #expect(cursor.text.utf8.count <= 2048)
    #expect(Cursor(text: cursor.text) == cursor)
  }

  @Test(
    arguments: [
      // The parts, then for each part the ranges of both logs: their number, the missing numbers, the length.
      [1], [9], [1, 1], [1, 1, 0, 0, 0], [1, 1, 10_000, 1, 0], [1, 1, 0, 10_001, 0], [1, 2, 0, 1, 0, 1, 0],
      [1, 100, 0, 1], [1, 1, 1 << 62, 1, 0], [1, 1, 0, 1 << 62, 0], [0, 0],
    ] as [[UInt64]]) func anythingElseIsRefused(_ numbers: [UInt64])
  {
    let text = CursorCode.text(3) { writer in
      for number in [7, 0, 1, 1, 10_000, 10_000] + numbers { writer.writeVarint(number) }
    }
    #expect(Cursor(text: text) == nil)
  }

  @Test func anotherFormatIsNoCursor() {
    let text = cursor(EarlierParts()).text
    let bytes = Base64URL.decode(text.utf8) ?? []
    for tag in UInt8.min...UInt8.max where tag != 3 {
      let other = Base64URL.encode([tag] + bytes.dropFirst())
      #expect(Cursor(text: other) == nil)
      #expect(ChangeCursor(text: other) == nil)
    }
    #expect(Cursor(text: text + "A") == nil)
    #expect(Cursor(text: String(repeating: "A", count: 4 << 20)) == nil)
  }

  @Test(arguments: (0..<8).map { _ in UInt64.random(in: 0...UInt64.max) })
  func randomPartsComeBack(_ seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      let top = [5, 100, 10_000].randomElement(using: &random)!
      func set() -> SequenceSet {
        SequenceSet(
          numbers: (0..<Int.random(in: 0...900, using: &random)).map { _ in
            Int.random(in: 1...top, using: &random)
          })
      }
      let heads = Cursor.Position(shared: top, own: top)
      let whole = Listing.Part(shared: set(), own: set())
      let earlier = EarlierParts(
        [Listing.Part(shared: set(), own: set()), Listing.Part(shared: set(), own: set())], heads)
      let cursor = Cursor(listing: 1, part: 2, position: heads, heads: heads, earlier: earlier)
      #expect(Cursor(text: cursor.text) == cursor)
      #expect(cursor.text.utf8.count <= 2048)
      let split = earlier.split(whole)
      #expect(split.reduce(0) { $0 + $1.count } == whole.count)
      #expect(split.reduce(SequenceSet()) { $0.union($1.shared) } == whole.shared)
    }
  }
}

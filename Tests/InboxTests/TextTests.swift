import Testing

@testable import Inbox

@Suite struct TextTests {
  @Test func canonicallyEquivalentIsNotEqual() {
    let one: Text = "\u{E9}"
    let two: Text = "e\u{301}"
    #expect(one.string == two.string)
    #expect(one != two)
    #expect(Set([one, two]).count == 2)
    // Canonically equivalent, and even of the same length.
    #expect(Text("a\u{323}\u{307}") != Text("a\u{307}\u{323}"))
  }

  @Test func equalBytesAreEqualHoweverTheStringWasMade() {
    let whole = Text("a name that is longer than fifteen bytes")
    let joined = Text("a name that is longer" + " than fifteen bytes")
    #expect(whole == joined)
    #expect(whole.hashValue == joined.hashValue)
    let slice = Text(String("xx\(whole)xx".dropFirst(2).dropLast(2)))
    #expect(slice == whole)
    #expect(slice.hashValue == whole.hashValue)
  }

  /// Every pair of texts that differ at one place only, of every length up to several words.
  @Test func comparesEveryByte() {
    for length in 1...35 {
      let bytes = Array(repeating: UInt8(ascii: "m"), count: length)
      let base = Text(String(decoding: bytes, as: UTF8.self))
      #expect(base == Text(String(decoding: bytes, as: UTF8.self)))
      for index in 0..<length {
        var other = bytes
        other[index] = UInt8(ascii: "z")
        let larger = Text(String(decoding: other, as: UTF8.self))
        #expect(base != larger)
        #expect(base < larger && !(larger < base))
        let shorter = Text(String(decoding: bytes.prefix(index), as: UTF8.self))
        #expect(base != shorter)
        #expect(shorter < base && !(base < shorter))
      }
      #expect(!(base < base))
    }
  }

  @Test func theOrderIsThatOfTheBytes() {
    let texts: [Text] = [
      "z", "", "\u{1F600}", "\u{FFFD}", "a", "e\u{301}", "\u{E9}", "a\u{0}", "a\u{0}b", "ab", "12345678",
      "123456789",
    ]
    let sorted = texts.sorted().map { Array($0.string.utf8) }
    for (a, b) in zip(sorted, sorted.dropFirst()) {
      #expect(a.lexicographicallyPrecedes(b))
    }
  }

  @Test(
    arguments: [
      ([], ""), ([0x61, 0, 0x62], "a\u{0}b"), ([0xC3, 0xA9], "\u{E9}"),
      ([0xF0, 0x9F, 0x98, 0x80], "\u{1F600}"),
      ([0xEF, 0xBB, 0xBF, 0x61], "\u{FEFF}a"),
      ([0xFF], nil), ([0xC3], nil), ([0x61, 0x80], nil), ([0xC0, 0x80], nil), ([0xED, 0xA0, 0x80], nil),
      ([0xF4, 0x90, 0x80, 0x80], nil), ([0xE2, 0x82], nil),
    ] as [([UInt8], String?)])
  func fromBytes(_ bytes: [UInt8], _ expected: String?) {
    let text = bytes.withUnsafeBufferPointer { Text(utf8: $0) }
    let raw = bytes.withUnsafeBytes { Text(utf8: $0) }
    #expect(text == expected.map { Text($0) })
    #expect(raw == text)
    if let text {
      #expect(Array(text.string.utf8) == bytes)
      #expect(text.utf8Count == bytes.count)
    }
  }

  @Test func hashesInsideOthersDontRunTogether() {
    struct Pair: Hashable {
      var a: Text
      var b: Text
    }
    #expect(Pair(a: "ab", b: "c").hashValue != Pair(a: "a", b: "bc").hashValue)
  }

  @Test func description() {
    #expect("\(Text("name"))" == "name")
  }
}

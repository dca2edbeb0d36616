import Testing

@testable import JSON

/// The text without the characters that readers of lines and terminals may misinterpret.
struct HazardTests {
  private func without(_ hazard: Hazard, _ text: String) -> String {
    String(decoding: Array(text.utf8).without(hazard), as: UTF8.self)
  }

  @Test(arguments: [
    ("{\"a\":\r\n1,\n\"b\":\t2}", "{\"a\":  1, \"b\":\t2}"),
    ("\"\u{85}\"", #""\u0085""#), ("\"\u{2028}x\u{2029}\"", #""\u2028x\u2029""#),
    ("\"\u{84}\u{86}\u{2027}\u{202A}\u{e2}\u{7f}é🧀\"", "\"\u{84}\u{86}\u{2027}\u{202A}\u{e2}\u{7f}é🧀\""),
    (#""\r\u2028""#, #""\r\u2028""#), ("{}", "{}"),
  ]) func lineEnds(_ text: String, _ expected: String) {
    #expect(without(.lineEnds, text) == expected)
  }

  @Test(arguments: [
    ("\"\u{7f}\u{9b}31m\u{85}\"", #""\u007f\u009b31m\u0085""#),
    ("\"\u{202E}\u{2066}\u{200F}\u{61C}\u{2028}\"", #""\u202e\u2066\u200f\u061c\u2028""#),
    ("\"\u{a0}\u{2010}\u{6}\u{634}é🧀\"", "\"\u{a0}\u{2010}\u{6}\u{634}é🧀\""),
    ("[\r\n1]", "[  1]"),
  ]) func terminal(_ text: String, _ expected: String) {
    #expect(without(.terminal, text) == expected)
  }

  /// A hazard is found at every place among the bytes that are examined together, whatever is around it.
  @Test(arguments: ["\u{85}", "\u{2028}", "\u{2029}", "\r", "\n"], ["a", "é", "界", "\u{2019}", "\u{84}"])
  func everywhere(_ end: String, _ filling: String) {
    for before in 0..<80 {
      let (head, tail) = (
        String(repeating: filling, count: before), String(repeating: filling, count: 79 - before)
      )
      let safe = without(.lineEnds, "\"" + head + end + tail + "\"")
      #expect(safe.utf8.count == 2 + 79 * filling.utf8.count + (end.utf8.count > 1 ? 6 : 1))
      let scalars = Set(safe.unicodeScalars.map(\.value))
      #expect(scalars.isDisjoint(with: [0x0a, 0x0d, 0x85, 0x2028, 0x2029]))
    }
  }

  @Test func aTextWithoutAnyIsNotCopied() {
    let text = [UInt8](repeating: 0x61, count: 1000)
    #expect(text.withUnsafeBytes(\.baseAddress) == text.without(.lineEnds).withUnsafeBytes(\.baseAddress))
  }

  @Test func aWriterCountsWhatGoesOut() {
    var writer = JSONWriter()
    writer.beginArray()
    writer.string("\u{2028}")
    let start = writer.bytes.count
    writer.string("\u{2029}")
    writer.remove(.lineEnds, from: start)
    writer.endArray()
    #expect(String(decoding: writer.bytes, as: UTF8.self) == "[\"\u{2028}\",\"\\u2029\"]")
  }
}

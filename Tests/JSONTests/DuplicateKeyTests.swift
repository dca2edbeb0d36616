import JSON
import JSONSupport
import Testing

@Suite("Keys that occur twice")
struct DuplicateKeyTests {
  /// Patterns of many keys that a weak hash, or a comparison of their ends, takes for the same key.
  static let patterns: [@Sendable (Int) -> String] = [
    { "k\($0)" },
    { "a common beginning of the key \($0) and a common end of it" },
    { String(repeating: "a", count: $0 % 500) + "|\($0)|" + String(repeating: "b", count: 500 - $0 % 500) },
    { "\($0 % 10)\u{0}\($0)" },
    {
      text(of: [
        Unicode.Scalar(0x4e00 + UInt32($0 % 5000)) ?? "?", Unicode.Scalar(0x10000 + UInt32($0 / 5000)) ?? "?",
      ])
    },
  ]

  static func object(_ keys: [String], escaping: Bool) -> [UInt8] {
    var text = Array("{".utf8)
    for (index, key) in keys.enumerated() {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      var writer = JSONWriter()
      writer.string(key)
      let quoted = writer.bytes
      // Every other key has its first character escaped.
      if escaping, index % 2 == 1, let first = key.utf16.first, first & 0xf800 != 0xd800 {
        let digits = String(first, radix: 16)
        let escape = "\"\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        let rest = String(key.unicodeScalars.dropFirst())
        var restWriter = JSONWriter()
        restWriter.string(rest)
        text += Array(escape.utf8) + restWriter.bytes.dropFirst()
      } else {
        text += quoted
      }
      text += Array(":0".utf8)
    }
    return text + Array("}".utf8)
  }

  @Test(arguments: patterns.indices, [2, 23, 24, 25, 26, 100, 3000])
  func foundWhereverItIs(_ pattern: Int, _ count: Int) throws {
    let keys = (0..<count).map(Self.patterns[pattern])
    for escaping in [false, true] {
      let text = Self.object(keys, escaping: escaping)
      #expect(try JSON(parsing: text).count == count)
      for (first, second) in [
        (0, count), (count - 1, count), (count / 2, count), (0, 1), (count / 2, count / 2 + 1),
      ] {
        var keys = keys
        keys.insert(keys[first], at: second)
        let text = Self.object(keys, escaping: escaping)
        let before = Self.object(Array(keys[..<second]), escaping: escaping).count
        #expect(throws: JSONError(offset: before, reason: .duplicateKey)) { try JSON(parsing: text) }
      }
    }
  }

  @Test func aHundredThousandKeys() throws {
    var keys = (0..<100_000).map { "key\($0)" }
    let json = try JSON(parsing: Self.object(keys, escaping: true))
    #expect(json.count == 100_000)
    #expect(json["key99999"] != nil)
    #expect(json["key100000"] == nil)
    keys.append("key50000")
    #expect(throws: JSONError.self) { try JSON(parsing: Self.object(keys, escaping: true)) }
  }
}

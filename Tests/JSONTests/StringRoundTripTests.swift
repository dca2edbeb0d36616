import JSON
import JSONSupport
import Testing

@Suite("Characters")
struct StringRoundTripTests {
  /// All scalars of the first plane, and every 97th of the others.
  static let scalars =
    (UInt32(0)...0xffff).compactMap(Unicode.Scalar.init)
    + stride(from: UInt32(0x10000), through: 0x10ffff, by: 97).compactMap(Unicode.Scalar.init) + [
      "\u{10ffff}"
    ]

  static func escape(_ scalar: Unicode.Scalar, uppercase: Bool) -> String {
    String(scalar).utf16.map { unit in
      let digits = String(unit, radix: 16, uppercase: uppercase)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }

  @Test func rawAndEscaped() throws {
    for scalar in Self.scalars {
      let expected = Array(String(scalar).utf8)
      for uppercase in [false, true] {
        let text = Array("\"\(Self.escape(scalar, uppercase: uppercase))\"".utf8)
        guard try JSON(parsing: text).withUTF8({ $0.elementsEqual(expected) }) == true else {
          Issue.record("escaped U+\(String(scalar.value, radix: 16))")
          continue
        }
      }
      var writer = JSONWriter()
      writer.string(String(scalar))
      let json = try JSON(parsing: writer.bytes)
      guard json.string.map({ Array($0.unicodeScalars) }) == [scalar] else {
        Issue.record("raw U+\(String(scalar.value, radix: 16))")
        continue
      }
      let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
      guard json.raw.elementsEqual([0x22] + expected + [0x22]) == !mustEscape else {
        Issue.record("U+\(String(scalar.value, radix: 16)) is escaped without need, or not although it must")
        continue
      }
    }
  }

  @Test func allInOneString() throws {
    let whole = text(of: Self.scalars)
    var writer = JSONWriter()
    writer.string(whole)
    #expect(try JSON(parsing: writer.bytes).string?.unicodeScalars.elementsEqual(Self.scalars) == true)
    let escaped = Self.scalars.map { Self.escape($0, uppercase: false) }.joined()
    #expect(
      try JSON(parsing: Array("\"\(escaped)\"".utf8)).string?.unicodeScalars.elementsEqual(Self.scalars)
        == true)
  }

  @Test func nulAndCanonicalForms() throws {
    let text = "a\u{0}b\u{0}"
    var writer = JSONWriter()
    writer.string(text)
    #expect(String(decoding: writer.bytes, as: UTF8.self) == #""a\u0000b\u0000""#)
    #expect(try JSON(parsing: writer.bytes).string == text)
    let forms = try JSON(parsing: Array("[\"é\",\"e\u{301}\"]".utf8))
    #expect(forms.elements.map { $0.withUTF8 { $0.count } } == [2, 3])
    #expect(forms.elements.map { $0.equals("é") } == [true, false])
  }
}

import JSON
import JSONSupport
import Testing

/// A text that is not JSON, with the offset and the kind of its fault.
struct Refusal: CustomTestStringConvertible, Sendable {
  let text: [UInt8]
  let error: JSONError

  init(_ text: String, _ offset: Int, _ reason: JSONError.Reason) {
    self.init(Array(text.utf8), offset, reason)
  }

  init(_ text: [UInt8], _ offset: Int, _ reason: JSONError.Reason) {
    self.text = text
    error = JSONError(offset: offset, reason: reason)
  }

  var testDescription: String { shown(text) }
}

@Suite("Texts that are not JSON")
struct RefusedTests {
  @Test(arguments: structures + literals + numbers + escapes + controls + utf8 + duplicates)
  func refused(_ refusal: Refusal) {
    #expect(throws: refusal.error) { try JSON(parsing: refusal.text) }
    // A Swift string is always valid UTF-8.
    if let text = String(validating: refusal.text, as: UTF8.self) { #expect(!JSON.isObject(text)) }
    #expect(throws: (any Error).self) { try ReferenceReader.read(refusal.text) }
    // Inside an array it is refused as well, if its fault is one of its own.
    #expect(throws: JSONError.self) {
      try JSON(parsing: [UInt8(ascii: "[")] + refusal.text + [UInt8(ascii: "]")])
    }
  }

  private static func byte(_ character: Unicode.Scalar) -> JSONError.Reason {
    .unexpectedByte(UInt8(ascii: character))
  }

  static let structures: [Refusal] = [
    Refusal("[", 1, .unexpectedEnd), Refusal("{", 1, .unexpectedEnd), Refusal("]", 0, byte("]")),
    Refusal("}", 0, byte("}")), Refusal(",", 0, byte(",")), Refusal(":", 0, byte(":")),
    Refusal("[}", 1, byte("}")),
    Refusal("{]", 1, byte("]")), Refusal("[1}", 2, byte("}")), Refusal("{\"a\":1]", 6, byte("]")),
    Refusal("[1,]", 3, byte("]")), Refusal("[,1]", 1, byte(",")), Refusal("[1,,2]", 3, byte(",")),
    Refusal("[,]", 1, byte(",")), Refusal("[1 2]", 3, byte("2")), Refusal("[1:2]", 2, byte(":")),
    Refusal("[\"a\":1]", 4, byte(":")), Refusal("[[]", 3, .unexpectedEnd), Refusal("[[", 2, .unexpectedEnd),
    Refusal("[1", 2, .unexpectedEnd), Refusal("[1,", 3, .unexpectedEnd), Refusal("[\"a\"", 4, .unexpectedEnd),
    Refusal("{,}", 1, byte(",")), Refusal("{1:2}", 1, byte("1")), Refusal("{a:1}", 1, byte("a")),
    Refusal("{'a':1}", 1, byte("'")), Refusal("{null:1}", 1, byte("n")), Refusal("{[]:1}", 1, byte("[")),
    Refusal("{\"a\"}", 4, byte("}")), Refusal("{\"a\",1}", 4, byte(",")), Refusal("{\"a\" 1}", 5, byte("1")),
    Refusal("{\"a\":}", 5, byte("}")), Refusal("{\"a\":,}", 5, byte(",")),
    Refusal("{\"a\"::1}", 5, byte(":")),
    Refusal("{\"a\":1,}", 7, byte("}")), Refusal("{\"a\":1,,}", 7, byte(",")),
    Refusal("{\"a\":1 \"b\":2}", 7, byte("\"")),
    Refusal("{\"a\":1:2}", 6, byte(":")), Refusal("{\"a\":1,2}", 7, byte("2")),
    Refusal("{\"a\"", 4, .unexpectedEnd),
    Refusal("{\"a\":", 5, .unexpectedEnd), Refusal("{\"a\":1", 6, .unexpectedEnd),
    Refusal("{\"a\":1,", 7, .unexpectedEnd),
    Refusal("{\"a\":1,\"b\"", 10, .unexpectedEnd), Refusal("{\"a", 3, .unexpectedEnd),
    Refusal("{\"", 2, .unexpectedEnd),
    Refusal("[] []", 3, .trailingText), Refusal("[]]", 2, .trailingText), Refusal("{}}", 2, .trailingText),
    Refusal("1 2", 2, .trailingText), Refusal("null,", 4, .trailingText),
    Refusal("nullnull", 4, .trailingText),
    Refusal("\"a\"\"b\"", 3, .trailingText), Refusal("{}\n{}", 3, .trailingText),
    Refusal("[]x", 2, .trailingText),
    Refusal("1\u{0}", 1, .trailingText), Refusal("[]\u{0}", 2, .trailingText),
    Refusal("\u{0}", 0, .unexpectedByte(0)),
    Refusal("[\u{0}]", 1, .unexpectedByte(0)), Refusal("[1\u{0}]", 2, .unexpectedByte(0)),
    Refusal("{\"a\":1\u{0}}", 6, .unexpectedByte(0)), Refusal("\u{0}[]", 0, .unexpectedByte(0)),
    Refusal("\u{feff}[]", 0, .unexpectedByte(0xef)), Refusal("[\u{feff}]", 1, .unexpectedByte(0xef)),
    Refusal("\u{c}1", 0, .unexpectedByte(0xc)), Refusal("\u{b}1", 0, .unexpectedByte(0xb)),
    Refusal("\u{a0}1", 0, .unexpectedByte(0xc2)), Refusal("1\u{a0}", 1, .trailingText),
    Refusal("\u{2028}1", 0, .unexpectedByte(0xe2)), Refusal("\u{85}1", 0, .unexpectedByte(0xc2)),
    Refusal("//x\n1", 0, byte("/")), Refusal("/*x*/1", 0, byte("/")), Refusal("1//x", 1, .trailingText),
    Refusal("[1/*x*/]", 2, byte("/")), Refusal("#\n1", 0, byte("#")), Refusal("'a'", 0, byte("'")),
    Refusal("`a`", 0, byte("`")), Refusal("<>", 0, byte("<")), Refusal("(1)", 0, byte("(")),
    Refusal("=1", 0, byte("=")),
    Refusal("*", 0, byte("*")), Refusal("[*]", 1, byte("*")), Refusal("\u{7f}", 0, .unexpectedByte(0x7f)),
    Refusal("\u{1}", 0, .unexpectedByte(1)), Refusal([0xff], 0, .unexpectedByte(0xff)),
    Refusal([0xff, 0xfe, 0x5b, 0, 0x5d, 0], 0, .unexpectedByte(0xff)),
    Refusal([0x5b, 0, 0x5d, 0], 1, .unexpectedByte(0)),
  ]

  static let literals: [Refusal] = [
    Refusal("n", 1, .unexpectedEnd), Refusal("nul", 3, .unexpectedEnd), Refusal("nulL", 3, byte("L")),
    Refusal("nil", 1, byte("i")), Refusal("t", 1, .unexpectedEnd), Refusal("tru", 3, .unexpectedEnd),
    Refusal("trUe", 2, byte("U")), Refusal("f", 1, .unexpectedEnd), Refusal("fals", 4, .unexpectedEnd),
    Refusal("falsy", 4, byte("y")), Refusal("True", 0, byte("T")), Refusal("NULL", 0, byte("N")),
    Refusal("undefined", 0, byte("u")), Refusal("nullx", 4, .trailingText),
    Refusal("true1", 4, .trailingText),
    Refusal("[nul]", 4, byte("]")), Refusal("[truefalse]", 5, byte("f")), Refusal("yes", 0, byte("y")),
    Refusal("{\"a\":tru}", 8, byte("}")), Refusal("[nulll]", 5, byte("l")),
  ]

  static let numbers: [Refusal] = [
    Refusal("-", 1, .unexpectedEnd), Refusal("+1", 0, byte("+")), Refusal("--1", 1, .invalidNumber),
    Refusal("-+1", 1, .invalidNumber), Refusal("01", 1, .invalidNumber), Refusal("-01", 2, .invalidNumber),
    Refusal("00", 1, .invalidNumber), Refusal("-00", 2, .invalidNumber), Refusal("000.1", 1, .invalidNumber),
    Refusal("01e5", 1, .invalidNumber), Refusal("1.", 2, .unexpectedEnd), Refusal("-1.", 3, .unexpectedEnd),
    Refusal(".5", 0, byte(".")), Refusal("-.5", 1, .invalidNumber), Refusal("1.e5", 2, .invalidNumber),
    Refusal("1..5", 2, .invalidNumber), Refusal("1.5.5", 3, .trailingText), Refusal("1e", 2, .unexpectedEnd),
    Refusal("1e+", 3, .unexpectedEnd), Refusal("1e-", 3, .unexpectedEnd), Refusal("1E", 2, .unexpectedEnd),
    Refusal("1e5.5", 3, .trailingText), Refusal("1e5e5", 3, .trailingText),
    Refusal("1e++5", 3, .invalidNumber),
    Refusal("1e+-5", 3, .invalidNumber), Refusal("e5", 0, byte("e")), Refusal("0x10", 1, .trailingText),
    Refusal("0b1", 1, .trailingText), Refusal("1_000", 1, .trailingText), Refusal("1,000", 1, .trailingText),
    Refusal("1 000", 2, .trailingText), Refusal("NaN", 0, byte("N")), Refusal("nan", 1, byte("a")),
    Refusal("-NaN", 1, .invalidNumber), Refusal("Infinity", 0, byte("I")),
    Refusal("-Infinity", 1, .invalidNumber),
    Refusal("inf", 0, byte("i")), Refusal("1f", 1, .trailingText), Refusal("1L", 1, .trailingText),
    Refusal("- 1", 1, .invalidNumber), Refusal("1. 5", 2, .invalidNumber), Refusal("1e 5", 2, .invalidNumber),
    Refusal("[-]", 2, .invalidNumber), Refusal("[1.]", 3, .invalidNumber), Refusal("[1e]", 3, .invalidNumber),
    Refusal("[01]", 2, .invalidNumber), Refusal("[+1]", 1, byte("+")), Refusal("[NaN]", 1, byte("N")),
    Refusal("[.1]", 1, byte(".")), Refusal("[1a]", 2, byte("a")), Refusal("[0x1]", 2, byte("x")),
    Refusal("{\"a\":01}", 6, .invalidNumber), Refusal("{\"a\":-}", 6, .invalidNumber),
    Refusal("１", 0, .unexpectedByte(0xef)),
    Refusal("[1\u{661}]", 2, .unexpectedByte(0xd9)), Refusal("1:", 1, .trailingText),
    Refusal("1/", 1, .trailingText),
  ]

  static let escapes: [Refusal] = [
    Refusal("\"", 1, .unexpectedEnd), Refusal("\"a", 2, .unexpectedEnd),
    Refusal("\"12345678", 9, .unexpectedEnd),
    Refusal("\"\\", 2, .unexpectedEnd), Refusal("\"\\\"", 3, .unexpectedEnd),
    Refusal("\"\\a\"", 1, .invalidEscape),
    Refusal("\"\\'\"", 1, .invalidEscape), Refusal("\"\\0\"", 1, .invalidEscape),
    Refusal("\"\\x41\"", 1, .invalidEscape),
    Refusal("\"\\v\"", 1, .invalidEscape), Refusal("\"\\N\"", 1, .invalidEscape),
    Refusal("\"\\U0041\"", 1, .invalidEscape),
    Refusal("\"\\ \"", 1, .invalidEscape), Refusal("\"\\\n\"", 1, .invalidEscape),
    Refusal("\"\\é\"", 1, .invalidEscape),
    Refusal("\"\\u\"", 1, .invalidEscape), Refusal("\"\\u0\"", 1, .invalidEscape),
    Refusal("\"\\u00\"", 1, .invalidEscape),
    Refusal("\"\\u004\"", 1, .invalidEscape), Refusal("\"\\u004g\"", 1, .invalidEscape),
    Refusal("\"\\u 041\"", 1, .invalidEscape), Refusal("\"\\u+041\"", 1, .invalidEscape),
    Refusal("\"\\u{41}\"", 1, .invalidEscape), Refusal("\"\\u00 1\"", 1, .invalidEscape),
    Refusal("\"\\u004@\"", 1, .invalidEscape), Refusal("\"\\u004`\"", 1, .invalidEscape),
    Refusal("\"\\u004G\"", 1, .invalidEscape), Refusal("\"\\u004/\"", 1, .invalidEscape),
    Refusal("\"\\u004:\"", 1, .invalidEscape), Refusal("\"\\u", 3, .unexpectedEnd),
    Refusal("\"\\u00", 5, .unexpectedEnd),
    Refusal("\"\\u0041", 7, .unexpectedEnd), Refusal("\"12345678\\q\"", 9, .invalidEscape),
    Refusal("\"\\ud800\"", 1, .loneSurrogate), Refusal("\"\\udbff\"", 1, .loneSurrogate),
    Refusal("\"\\udc00\"", 1, .loneSurrogate), Refusal("\"\\udfff\"", 1, .loneSurrogate),
    Refusal("\"\\uD800\"", 1, .loneSurrogate), Refusal("\"\\ud800a\"", 1, .loneSurrogate),
    Refusal("\"\\ud800\\n\"", 1, .loneSurrogate), Refusal("\"\\ud800\\u0041\"", 1, .loneSurrogate),
    Refusal("\"\\ud800\\ud800\"", 1, .loneSurrogate), Refusal("\"\\ud800\\ue000\"", 1, .loneSurrogate),
    Refusal("\"\\udc00\\ud800\"", 1, .loneSurrogate),
    Refusal("\"\\ud800\\udc00\\udc00\"", 13, .loneSurrogate),
    Refusal("\"\\ud800\\udc00\\ud800\"", 13, .loneSurrogate),
    Refusal("\"\\ud800\\\\udc00\"", 1, .loneSurrogate),
    Refusal("\"\\ud800\\", 8, .unexpectedEnd), Refusal("\"\\ud800\\u", 9, .unexpectedEnd),
    Refusal("\"\\ud800\\udc0", 12, .unexpectedEnd), Refusal("\"\\ud800\\uzzzz\"", 7, .invalidEscape),
    Refusal("{\"\\ud800\":1}", 2, .loneSurrogate), Refusal("{\"\\q\":1}", 2, .invalidEscape),
  ]

  /// Every byte below 0x20, at several places of a word of eight bytes.
  static let controls: [Refusal] = (UInt8(0)..<0x20).flatMap { control in
    [0, 3, 7, 8, 20].map { before in
      let prefix = [UInt8(ascii: "\"")] + [UInt8](repeating: UInt8(ascii: "a"), count: before)
      let text = prefix + [control] + Array("bcdefghijkl\"".utf8)
      return Refusal(text, before + 1, .controlCharacter)
    }
  }

  /// Byte sequences that are not UTF-8, each in the middle of a string, at its end and cut off.
  static let utf8: [Refusal] = [
    [0x80], [0xbf], [0xc0, 0x80], [0xc0, 0xaf], [0xc1, 0xbf], [0xc2], [0xc2, 0x41], [0xc2, 0xc2], [0xdf],
    [0xe0, 0x80, 0x80],
    [0xe0, 0x9f, 0xbf], [0xe0, 0xa0], [0xe1], [0xe1, 0x80], [0xe1, 0x80, 0x41], [0xed, 0xa0, 0x80],
    [0xed, 0xbf, 0xbf],
    [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80], [0xef, 0xbf], [0xf0, 0x80, 0x80, 0x80], [0xf0, 0x8f, 0xbf, 0xbf],
    [0xf0, 0x9f, 0x98], [0xf0, 0x9f], [0xf0], [0xf0, 0x9f, 0x98, 0x41], [0xf0, 0x9f, 0x41, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80], [0xf7, 0xbf, 0xbf, 0xbf], [0xf8, 0x88, 0x80, 0x80, 0x80],
    [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
    [0xfe], [0xff], [0xe9], [0xe4, 0xf6, 0xfc],
  ].flatMap { (bytes: [UInt8]) in
    let quote = UInt8(ascii: "\"")
    return [
      Refusal([quote] + bytes + [quote], 1, .invalidUTF8),
      Refusal([quote] + Array("漢a".utf8) + bytes + Array("bcdefghijkl\"".utf8), 5, .invalidUTF8),
      Refusal([quote] + bytes, 1, .invalidUTF8),
      Refusal(Array("{\"k".utf8) + bytes + Array("\":1}".utf8), 3, .invalidUTF8),
    ]
  }

  static let duplicates: [Refusal] = [
    Refusal("{\"a\":1,\"a\":1}", 7, .duplicateKey), Refusal("{\"\":1,\"\":2}", 6, .duplicateKey),
    Refusal("{\"a\":1,\"b\":2,\"a\":3}", 13, .duplicateKey),
    Refusal("{\"a\":1,\"\\u0061\":2}", 7, .duplicateKey),
    Refusal("{\"\\u0061\":1,\"a\":2}", 12, .duplicateKey),
    Refusal("{\"\\u0061\":1,\"\\u0061\":2}", 12, .duplicateKey),
    Refusal("{\"\\n\":1,\"\\u000a\":2}", 8, .duplicateKey), Refusal("{\"/\":1,\"\\/\":2}", 7, .duplicateKey),
    Refusal("{\"é\":1,\"\\u00e9\":2}", 8, .duplicateKey),
    Refusal("{\"😀\":1,\"\\ud83d\\ude00\":2}", 10, .duplicateKey),
    Refusal("[{\"a\":1,\"a\":1}]", 8, .duplicateKey), Refusal("{\"x\":{\"a\":1,\"a\":1}}", 12, .duplicateKey),
    Refusal("{\"a\":{},\"a\":{}}", 8, .duplicateKey),
    Refusal("{\"a\":[{\"a\":1}],\"a\":1}", 15, .duplicateKey),
    Refusal("{\"a\":{\"b\":[1,2]},\"b\":1,\"b\":2}", 23, .duplicateKey),
    Refusal("{\"\\u0000\":1,\"\\u0000\":2}", 12, .duplicateKey),
    Refusal("{\"12345678\":1,\"12345678\":2}", 14, .duplicateKey),
    Refusal("{\"1234567890123456789\":1,\"1234567890123456789\":2}", 25, .duplicateKey),
  ]

  @Test(arguments: ["", " ", "\n", "\r\n\t ", String(repeating: " ", count: 100)])
  func emptyText(_ text: String) {
    #expect(throws: JSONError(offset: text.utf8.count, reason: .emptyText)) {
      try JSON(parsing: Array(text.utf8))
    }
  }

  @Test func errorsAreReadable() {
    #expect(
      JSONError(offset: 3, reason: .unexpectedByte(0x5d)).description == "unexpected character ']' at byte 3")
    #expect(JSONError(offset: 0, reason: .unexpectedByte(0)).description == "unexpected byte 0x0 at byte 0")
    #expect(
      JSONError(offset: 9, reason: .duplicateKey).description == "a key occurs twice in an object at byte 9")
  }
}

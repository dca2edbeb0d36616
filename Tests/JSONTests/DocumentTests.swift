import JSON
import JSONSupport
import Testing

@Suite("Values of a parsed text")
struct DocumentTests {
  @Test func membersAndElements() throws {
    let json = try JSON(parsing: Array(#" {"list" : [1, {"x": "y"}, []] ,"flag":true, "a\nb":null} "#.utf8))
    #expect(json.kind == .object)
    #expect(json.count == 3)
    #expect(json.raw.first == UInt8(ascii: "{"))
    #expect(json.raw.last == UInt8(ascii: "}"))
    #expect(json.members.map { $0.key.string } == ["list", "flag", "a\nb"])
    let list = try unwrap(json["list"])
    #expect(list.kind == .array)
    #expect(list.count == 3)
    #expect(list.elements.map { String(decoding: $0.raw, as: UTF8.self) } == ["1", #"{"x": "y"}"#, "[]"])
    #expect(list.elements.map(\.count) == [0, 1, 0])
    #expect(json["flag"]?.bool == true)
    #expect(json["a\nb"]?.isNull == true)
    #expect(json["a\\nb"] == nil)
    #expect(json["lis"] == nil)
    #expect(json["list "] == nil)
    #expect(json["x"] == nil, "only its own members, not those inside")
  }

  @Test func otherKindsHaveNothingInside() throws {
    for text in ["1", "\"a\"", "null", "true", "[\"a\"]"] {
      let json = try JSON(parsing: Array(text.utf8))
      #expect(json["a"] == nil)
      #expect(json.members.map(\.key.kind).isEmpty)
    }
    for text in ["1", "\"a\"", "null", "true", "{\"a\":1}"] {
      #expect(try JSON(parsing: Array(text.utf8)).elements.map(\.kind).isEmpty)
    }
  }

  @Test(arguments: ["null", "true", "false", "-1", "1.5", "\"1\"", "[]", "{}"])
  func eachAccessorAnswersOnlyForItsKind(_ text: String) throws {
    let json = try JSON(parsing: Array(text.utf8))
    #expect(json.isNull == (json.kind == .null))
    #expect((json.bool != nil) == (json.kind == .bool))
    #expect((json.double != nil) == (json.kind == .number))
    #expect((json.integer != nil) == (text == "-1"))
    #expect((json.string != nil) == (json.kind == .string))
    #expect((json.withUTF8 { $0.count } != nil) == (json.kind == .string))
    #expect(json.equals("1") == (json.kind == .string))
    #expect(String(decoding: json.raw, as: UTF8.self) == text)
  }

  @Test func partsKeepTheTextAlive() throws {
    func part() throws -> JSON? {
      try JSON(parsing: Array("[{\"key\":\"a rather long value\"}]".utf8)).elements.first { _ in true }
    }
    #expect(try part()?["key"]?.string == "a rather long value")
  }

  @Test func stringsAreComparedAfterUnescaping() throws {
    let json = try JSON(parsing: Array(#"["ping","\u0070ing","pin","pings","\"","","\\"]"#.utf8))
    #expect(json.elements.map { $0.equals("ping") } == [true, true, false, false, false, false, false])
    #expect(json.elements.map { $0.equals("\"") } == [false, false, false, false, true, false, false])
    #expect(json.elements.map { $0.equals("") } == [false, false, false, false, false, true, false])
    #expect(json.elements.map { $0.equals("\\") } == [false, false, false, false, false, false, true])
    #expect(json.elements.map { $0.withUTF8 { $0.count } } == [4, 4, 3, 5, 1, 0, 1])
  }

  @Test func lengthsAroundAWord() throws {
    // All lengths up to a few words, with and without an escape at each place.
    for count in 0..<40 {
      let content = (0..<count).map { UInt8(ascii: "a") + UInt8($0 % 26) }
      let quoted = [UInt8(ascii: "\"")] + content + [UInt8(ascii: "\"")]
      #expect(try JSON(parsing: quoted).string == String(decoding: content, as: UTF8.self))
      for place in 0...count {
        let text = quoted[...place] + Array(#"\u00e9\n"#.utf8) + quoted[(place + 1)...]
        let expected = content[..<place] + [0xc3, 0xa9, 0x0a] + content[place...]
        #expect(try JSON(parsing: Array(text)).withUTF8 { $0.elementsEqual(expected) } == true)
      }
    }
  }

  @Test func textsOfManyEntries() throws {
    let count = 300_000
    let zeros =
      Array("[".utf8) + Array(repeatElement(Array("0,".utf8), count: count).joined()) + Array("1]".utf8)
    let numbers = try JSON(parsing: zeros)
    #expect(numbers.count == count + 1)
    #expect(numbers.elements.reduce(0) { $0 + ($1.integer ?? 0) } == 1)
    let arrays =
      Array("[".utf8) + Array(repeatElement(Array("[],".utf8), count: count).joined()) + Array("[[]]]".utf8)
    #expect(try JSON(parsing: arrays).elements.reduce(0) { $0 + $1.count } == 1)
  }
}

@Suite("Depth")
struct DepthTests {
  static func nested(
    _ depth: Int, _ opening: String = "[", _ closing: String = "]", around inner: String = ""
  ) -> [UInt8] {
    Array((String(repeating: opening, count: depth) + inner + String(repeating: closing, count: depth)).utf8)
  }

  @Test func theLimitIsExact() throws {
    #expect(throws: Never.self) { try JSON(parsing: Self.nested(128)) }
    #expect(throws: JSONError(offset: 128, reason: .depthExceeded)) { try JSON(parsing: Self.nested(129)) }
    #expect(throws: Never.self) { try JSON(parsing: Self.nested(128, "{\"a\":", "}", around: "1")) }
    #expect(throws: JSONError(offset: 128 * 5, reason: .depthExceeded)) {
      try JSON(parsing: Self.nested(129, "{\"a\":", "}", around: "1"))
    }
    #expect(throws: Never.self) { try JSON(parsing: Array("1".utf8), maximumDepth: 0) }
    #expect(throws: JSONError(offset: 0, reason: .depthExceeded)) {
      try JSON(parsing: Array("[]".utf8), maximumDepth: 0)
    }
    #expect(throws: JSONError(offset: 1, reason: .depthExceeded)) {
      try JSON(parsing: Array("[{}]".utf8), maximumDepth: 1)
    }
  }

  @Test func closedArraysDoNotCount() throws {
    let text =
      Array("[".utf8) + Array(repeatElement(Array("[[]],{\"a\":[]},".utf8), count: 1000).joined())
      + Array("0]".utf8)
    #expect(try JSON(parsing: text, maximumDepth: 3).count == 2001)
  }

  @Test func deepTextsAreRefusedOrRead() throws {
    #expect(throws: JSONError(offset: 128, reason: .depthExceeded)) {
      try JSON(parsing: [UInt8](repeating: UInt8(ascii: "["), count: 100_000))
    }
    #expect(throws: JSONError(offset: 100_000, reason: .unexpectedEnd)) {
      try JSON(parsing: [UInt8](repeating: UInt8(ascii: "["), count: 100_000), maximumDepth: .max)
    }
    var json = try JSON(parsing: Self.nested(100_000), maximumDepth: 100_000)
    var depth = 1
    while let inner = json.elements.first(where: { _ in true }) {
      json = inner
      depth += 1
    }
    #expect(depth == 100_000)
    #expect(json.raw == Array("[]".utf8)[...])
  }

  @Test func theLengthsOfAnObjectsKeysAreKnown() throws {
    func lengths(_ text: String) throws -> UInt64 { try JSON(parsing: Array(text.utf8)).keyLengths }
    #expect(try lengths(#"{"a":1,"team":{"longer":2},"":[{"bc":1}]}"#) == 1 << 1 | 1 << 4 | 1)
    #expect(try lengths("{}") == 0)
    #expect(try lengths(#"["a"]"#) == 0)
    // Such keys may be as long as any.
    #expect(try lengths(#"{"\u0061":1}"#) == .max)
    #expect(try lengths(#"{"\#(String(repeating: "a", count: 63))":1}"#) == .max)
  }

  @Test(arguments: [(#""team""#, true), (#""t\u0065am""#, true), (#""teams""#, false), ("5", false)])
  func aStringIsComparedWithSeveral(_ text: String, isOne: Bool) throws {
    let json = try JSON(parsing: Array(text.utf8))
    #expect(json.equals(anyOf: ["a", "team", "user"]) == isOne)
    #expect(!json.equals(anyOf: []))
  }
}

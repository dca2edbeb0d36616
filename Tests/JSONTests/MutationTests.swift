import JSON
import JSONSupport
import Seeds
import Testing

@Suite("Damaged texts")
struct MutationTests {
  static let document = Array(
    #"""
     {"jsonrpc":"2.0","id":-12,"method":"send_team_message","params":{"team_id":"t\u00e9\ud83d\ude00","n":[0,-1.5e+10,
     true,false,null,"漢字 😀\n\"\\",{},[],{"a":{"a":[[]]},"b":1E-7}],"content":"a text of some length, with é in it",
     "\u006eame":"x","":""}}
    """#.utf8)

  @Test func everyPrefixIsRefused() throws {
    #expect(try Value(JSON(parsing: Self.document)) == ReferenceReader.read(Self.document))
    for count in Self.document.indices {
      let prefix = Array(Self.document[..<count])
      let error = #expect(throws: JSONError.self) { try JSON(parsing: prefix) }
      // The fault is at the end, or at the character that the end cuts in two.
      switch error?.reason {
      case .emptyText, .unexpectedEnd: #expect(error?.offset == count)
      default: #expect(error?.reason == .invalidUTF8)
      }
    }
  }

  @Test func everyByteChanged() throws {
    // The bytes that the grammar names, and the ends of each range that UTF-8 distinguishes.
    let bytes =
      Array("{}[],:\"\\/-+.019aeEfntu \n\t".utf8) + [0, 0x1f, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf]
      + [0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff]
    for place in Self.document.indices {
      for byte in bytes {
        var text = Self.document
        text[place] = byte
        try compare(text)
      }
    }
  }

  @Test func randomChanges() throws {
    var generator = SeededGenerator.printed("randomChanges")
    let tokens = [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "\\udc00", "0", "-", ".", "e", "null", "é",
      " ",
    ]
    .map { Array($0.utf8) }
    for _ in 0..<2_000 {
      var text = Value.random(depth: 4, using: &generator).text
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let place = Int.random(in: 0...text.count, using: &generator)
        let end = min(text.count, place + Int.random(in: 0...4, using: &generator))
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: text.removeSubrange(place..<end)
        case 1: text.insert(contentsOf: text[place..<end], at: place)
        case 2: text.insert(contentsOf: tokens.randomElement(using: &generator) ?? [], at: place)
        default: text.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        }
      }
      try compare(text)
    }
  }

  @Test func randomValuesComeBack() throws {
    var generator = SeededGenerator.printed("randomValuesComeBack")
    for _ in 0..<2_000 {
      let value = Value.random(depth: 5, using: &generator)
      #expect(try Value(JSON(parsing: value.text)) == value)
    }
  }

  /// Checks that both parsers accept a text and read the same value, or that both refuse it.
  private func compare(_ text: [UInt8]) throws {
    let expected = Result { try ReferenceReader.read(text) }
    switch (Result { try Value(JSON(parsing: text)) }, expected) {
    case (.success(let value), .success(let expected)):
      if value != expected { Issue.record("read differently: \(shown(text))") }
    case (.failure(let error as JSONError), .failure):
      if !(0...text.count).contains(error.offset) { Issue.record("\(error): \(shown(text))") }
    case (let result, _):
      Issue.record("\(result) for \(shown(text))")
    }
  }
}

extension Value {
  /// A random value, with arrays and objects nested up to `depth`.
  static func random(depth: Int, using generator: inout SeededGenerator) -> Value {
    switch Int.random(in: 0..<(depth == 0 ? 5 : 9), using: &generator) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &generator))
    case 2:
      return .number("\(Int64(bitPattern: generator.next()) >> Int64.random(in: 0..<64, using: &generator))")
    case 3: return .number("\(Double.random(in: -1e9...1e9, using: &generator))")
    case 4: return .string(randomScalars(using: &generator))
    case 5, 6:
      return .array(
        (0..<Int.random(in: 0..<6, using: &generator)).map { _ in random(depth: depth - 1, using: &generator)
        })
    default:
      var members: [Member] = []
      for _ in 0..<Int.random(in: 0..<40, using: &generator) where members.count < 6 || depth == 1 {
        let key = randomScalars(using: &generator)
        if members.contains(where: { $0.key == key }) { continue }
        members.append(Member(key: key, value: random(depth: depth - 1, using: &generator)))
      }
      return .object(members)
    }
  }

  private static func randomScalars(using generator: inout SeededGenerator) -> [Unicode.Scalar] {
    (0..<Int.random(in: 0..<12, using: &generator)).map { _ in
      let ceiling: UInt32 =
        [0x20, 0x80, 0x80, 0x80, 0x800, 0x10000, 0x110000].randomElement(using: &generator) ?? 0x80
      return Unicode.Scalar(UInt32.random(in: 0..<ceiling, using: &generator)) ?? "\u{fffd}"
    }
  }
}

import Testing

@testable import JSON

/// The certain content of a refused text.
struct OutlineTests {
  private func members(_ text: String) -> [String]? {
    guard let outline = Outline(of: Array(text.utf8)[...]) else { return nil }
    var found: [String] = []
    outline.forEachMember { found.append(String(decoding: $0 + [0x3d] + $1, as: UTF8.self)) }
    outline.forEachElement { found.append(String(decoding: $0, as: UTF8.self)) }
    return found
  }

  @Test(arguments: [
    (#" {"id" : 1 , "x":"\ud800"} "#, [#""id"=1"#, #""x"="\ud800""#]),
    (
      #"{"a":NaN,"b":-Infinity,"c":01,"d":+1.e}"#, [#""a"=NaN"#, #""b"=-Infinity"#, #""c"=01"#, #""d"=+1.e"#]
    ),
    (#"{"a":{"b":[1,{"c":"}"}],"b":2},"a":"\q\""}"#, [#""a"={"b":[1,{"c":"}"}],"b":2}"#, #""a"="\q\"""#]),
    ("{\"a\":\"\t\"}", ["\"a\"=\"\t\""]), ("{}", []), ("[ ]", []), ("[1 ,[2], {} ]", ["1", "[2]", "{}"]),
    ("7", []),
    (#"[{"id":1},{"id":2,"id":3}]"#, [#"{"id":1}"#, #"{"id":2,"id":3}"#]),
  ]) func whole(_ text: String, _ expected: [String]) {
    #expect(members(text) == expected)
  }

  @Test(arguments: [
    "", " ", #"{"id":1"#, #"{"id":1,"x":"#, #"{"id":1}{"id":2}"#, #"{"id":1} x"#, #"{"id":1,}"#, #"{"id" 1}"#,
    #"{"id":1]"#, "[1}", "[1,]", "[1 2]", "{1:2}", #"{"x":"}"#, #"{"x":"\"#, #"{"id":1,"x":}"#, "[", "{", "]",
    #"{"id":1,,"x":2}"#, #"{"id":1;"x":2}"#, "{\"a\":\u{feff}1}",
  ]) func notWhole(_ text: String) {
    #expect(members(text) == nil)
  }

  @Test func deepNestingIsWhole() {
    let text =
      "{\"id\":1,\"x\":" + String(repeating: "[{\"a\":", count: 50_000) + "1"
      + String(repeating: "}]", count: 50_000) + "}"
    #expect(members(text)?.first == "\"id\"=1")
    #expect(members(String(text.dropLast())) == nil)
  }

  /// A text that the parser accepts has an outline with the same members.
  @Test(arguments: [#"{"a":[1,"x",null],"b":{"c":"\u00e9\\"},"":-1.5e-7}"#, #"[true,{"x":[]},"\"",[[[]]]]"#])
  func agreesWithTheReader(_ text: String) throws {
    let json = try JSON(parsing: Array(text.utf8))
    let read =
      json.members.map { String(decoding: $0.raw + [0x3d] + $1.raw, as: UTF8.self) }
      + json.elements.map { String(decoding: $0.raw, as: UTF8.self) }
    #expect(members(text) == read)
  }
}

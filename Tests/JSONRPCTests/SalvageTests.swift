import JSON
import Testing

@testable import JSONRPC

/// The requests that get an answer when a text can't be parsed.
struct SalvageTests {
  private func ids(_ text: [UInt8]) -> [String]? {
    func shown(_ id: RequestID?) -> String { id.map { String(decoding: $0.raw, as: UTF8.self) } ?? "null" }
    var limits = Limits()
    limits.batchItems = 4
    switch Packet(parsing: text, limits: limits) {
    case .refused: return ["null"]
    case .refusedRequest(_, let id): return [shown(id)]
    case .refusedBatch(_, let ids): return ["batch"] + ids.map(shown)
    case .single, .batch: return nil
    }
  }

  @Test(arguments: [
    (#"{"id":1,"method":"m","params":{"x":"\ud800"}}"#, ["1"]),
    (#"{"id":1,"method":"m","params":{"x":1,"x":2}}"#, ["1"]),
    (#"{"method":"m","params":{"x":NaN},"\u0069d":"a"}"#, [#""a""#]),
    (#"{"id":1,"method":"m","method":"n"}"#, ["1"]),
    (#"{"id":1,"x":01}"#, ["1"]),
    (
      #"{"id":1,"method":"m","params":"# + String(repeating: "[", count: 200)
        + String(repeating: "]", count: 200) + "}", ["1"]
    ),
    // An id that is given twice, is not valid, or is itself at fault.
    (#"{"id":1,"id":1,"method":"m"}"#, ["null"]),
    (#"{"id":1.5,"method":"m","x":NaN}"#, ["null"]),
    (#"{"id":"\ud800","method":"m"}"#, ["null"]),
    (#"{"id":"\#(String(repeating: "x", count: 2_000))","method":"m","x":NaN}"#, ["null"]),
    // Text that may be part of another text.
    (#"{"id":1,"method":"m"#, ["null"]),
    (#"{"id":1,"method":"m"}{"id":2,"method":"m"}"#, ["null"]),
    (#"{"id":1,"method":"m","params":{"x":"y"}"#, ["null"]),
    (#"{"id":1 "method":"m"}"#, ["null"]),
    // Nobody waits for an answer to these.
    (#"{"method":"m","params":NaN}"#, ["null"]), (#"{"id":1,"result":NaN}"#, ["null"]), ("NaN", ["null"]),
    (
      #"[{"id":1,"method":"m"},{"id":"2","method":"m","x":NaN},{"method":"n"},3]"#,
      ["batch", "1", #""2""#, "null"]
    ),
    (#"[{"id":1,"method":"m"},{"id":2,"id":2,"method":"m"}]"#, ["batch", "1", "null"]),
    (#"[{"method":"m","x":NaN}]"#, ["null"]),
    (#"[{"id":1},{"id":2},{"id":3},{"id":4},{"id":NaN}]"#, ["null"]),
    (#"[{"id":1,"method":"m"},{"id":2,"method":"m","x":NaN}"#, ["null"]),
  ]) func refused(_ text: String, _ expected: [String]) {
    #expect(ids(Array(text.utf8)) == expected)
  }

  private static let ping = #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#
  private static let brackets = (
    open: String(repeating: "[", count: 100_000), close: String(repeating: "]", count: 100_000)
  )

  /// Where quotes and brackets are not in their places, or the id is at fault, nobody knows whose it is.
  @Test(
    arguments: [
      "hello", "{} {}", ping + ping, "/* no */ " + ping, ping.dropLast() + ",}",
      ping.dropLast() + #","x":"y}"#,
      ping.dropLast() + #","\u0069d":1}"#, ping.dropLast() + "\0}", brackets.open,
      brackets.open + brackets.close, String(repeating: #"{"a":"#, count: 100_000),
      String(repeating: "[", count: 129) + String(repeating: "]", count: 129),
    ] as [String])
  func nobodys(_ text: String) { #expect(ids(Array(text.utf8)) == ["null"]) }

  @Test(arguments: [[0xFF, 0xFE, 0xFD], ping.utf16.flatMap { [UInt8($0), 0] }] as [[UInt8]])
  func nobodysBytes(_ bytes: [UInt8]) { #expect(ids(bytes) == ["null"]) }

  @Test(
    arguments: [
      #""\ud800""#, #""\udc00x""#, #""\ude00\ud83d""#, #""\q""#, #"{"_meta":{"a":[{"b":1,"b":2}]}}"#, "NaN",
      "-Infinity", "\"\u{1}\"", "0x10", "01", brackets.open + brackets.close,
    ] as [String])
  func aBadValueIsItsSenders(_ value: String) {
    #expect(ids(Array(#"{"jsonrpc":"2.0","id":"who","method":"ping","x":\#(value)}"#.utf8)) == [#""who""#])
  }

  /// Not UTF-8, an overlong form, a surrogate, a character that is cut off, and one beyond Unicode.
  @Test(
    arguments: [
      [0xFF, 0xC0], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80],
    ] as [[UInt8]])
  func invalidUTF8(_ bytes: [UInt8]) {
    let text = Array(#"{"id":7,"method":"m","params":{"x":""#.utf8) + bytes + Array(#""}}"#.utf8)
    #expect(ids(text) == ["7"])
  }

  @Test func anIDKeepsNoRequestAlive() throws {
    let filling = String(repeating: "x", count: 100_000)
    for id in ["\"an id\"", "12345678901234567890123"] {
      let json = try JSON(parsing: Array(#"{"id":\#(id),"x":"\#(filling)"}"#.utf8))
      let given = try #require(json["id"])
      let kept = try #require(RequestID(given))
      // If it were a slice of the request, it would begin where the id is in the request.
      #expect(kept.raw.startIndex == 0)
      #expect(String(decoding: kept.raw, as: UTF8.self) == id)
    }
  }

  @Test(arguments: [1_024, 1_025]) func longIDs(_ length: Int) throws {
    let string = try JSON(parsing: Array("\"\(String(repeating: "x", count: length - 2))\"".utf8))
    let number = try JSON(parsing: Array(String(repeating: "1", count: length).utf8))
    #expect((RequestID(string) != nil) == (length <= 1_024))
    #expect((RequestID(number) != nil) == (length <= 1_024))
    let meta = try JSON(
      parsing: Array(#"{"_meta":{"progressToken":\#(String(decoding: number.raw, as: UTF8.self))}}"#.utf8))
    if length <= 1_024 {
      #expect(try RequestMeta(meta).progressToken?.count == length)
    } else {
      #expect(throws: RPCError.self) { try RequestMeta(meta) }
    }
  }
}

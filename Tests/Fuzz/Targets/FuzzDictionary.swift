@testable import API

/// The dictionary for libFuzzer: the words that a mutation may insert into an input.
enum FuzzDictionary {
  /// The dictionary in libFuzzer's format, one word a line.
  static var text: String {
    let words = Set(marks + lifecycle + Registry.methods.flatMap(words(of:)))
    return words.sorted().map { word in
      "\"" + word.utf8.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\"\n"
    }.joined()
  }

  private static let marks = [
    "{}", "[]", "[{", "}]", "{\"", "\":", ",\"", "\"\"", "\\\"", "\\\\", "\\u0000", "\\ud83d\\ude00",
    "\\udc00", "\\n",
    "null", "true", "false", "-0", "1.5", "1e9", "9223372036854775807", "-9223372036854775808", "é", "😀",
    "\u{FEFF}", "\r\n", "\n", "Content-Length: ", "Content-Type: x\r\n", "\r\n\r\n", "<nA>", "<nB>", "<cA>",
    "<cB>",
  ]
  private static let lifecycle = [
    "\"jsonrpc\":\"2.0\"", "\"id\":1", "\"id\":\"1\"", "\"id\":null", "\"method\":\"", "\"params\":",
    "\"result\":",
    "\"error\":", "\"_meta\":{", "\"progressToken\":1", "\"timeout_ms\":60000", "initialize", "initialized",
    "shutdown",
    "exit", "$/cancelRequest", "$/setTrace", "echo", "fail", "\"key\":7",
  ]

  private static func words(of method: any Method.Type) -> [String] {
    ["\(method.name) {"]
      + method.parameters.flatMap { ["\"\($0.name)\":"] + choices(of: $0.schema).map { "\"\($0)\"" } }
  }

  private static func choices(of schema: JSONSchema) -> [String] {
    switch schema {
    case .enumeration(let words): words
    case .anyOf(let schemas): schemas.flatMap(choices(of:))
    case .described(let schema, _): choices(of: schema)
    default: []
    }
  }
}

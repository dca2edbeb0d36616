import Foundation
import Testing

@testable import JSONRPC

/// The examples of the JSON-RPC 2.0 specification that have parameters by name: the conversation there, line
/// by line, with the expected answers.
@Suite(.timeLimit(.minutes(10)))
struct SpecificationTests {
  /// Sends a text as one line and compares the answers, in any order within a batch.
  private func check(_ request: String, _ expected: String?) async throws {
    let host = try Host(TestService())
    host.send(request.replacingOccurrences(of: "\n", with: " "))
    let (lines, ending) = await host.finish()
    #expect(ending == .endOfInput)
    #expect(lines.count == (expected == nil ? 0 : 1))
    guard let expected, let line = lines.first else { return }
    #expect(try shape(line) == shape(expected), "\(line)")
  }

  /// The answers without the parts that the specification leaves to the server: the message and data of an
  /// error.
  private func shape(_ text: String) throws -> [NSDictionary: Int] {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    let answers = value as? [[String: Any]] ?? [value as? [String: Any] ?? [:]]
    return answers.reduce(into: [:]) { counts, answer in
      var answer = answer
      if let error = answer["error"] as? [String: Any] { answer["error"] = error["code"] }
      counts[answer as NSDictionary, default: 0] += 1
    }
  }

  /// This server takes parameters by name only, which the specification allows: the examples by position are
  /// refused.
  @Test(arguments: [("[42, 23]", 1), ("[23, 42]", 2)])
  func positionalParameters(_ params: String, _ id: Int) async throws {
    try await check(
      #"{"jsonrpc": "2.0", "method": "subtract", "params": \#(params), "id": \#(id)}"#,
      #"{"jsonrpc": "2.0", "error": {"code": -32602, "message": "by name only"}, "id": \#(id)}"#)
  }

  @Test func namedParameters() async throws {
    try await check(
      #"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
      #"{"jsonrpc": "2.0", "result": 19, "id": 3}"#)
    try await check(
      #"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#,
      #"{"jsonrpc": "2.0", "result": 19, "id": 4}"#)
  }

  @Test func notifications() async throws {
    try await check(#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#, nil)
    try await check(#"{"jsonrpc": "2.0", "method": "foobar"}"#, nil)
  }

  @Test func unknownMethod() async throws {
    try await check(
      #"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#,
      #"{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}"#)
  }

  @Test func invalidJSON() async throws {
    try await check(
      #"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#,
      #"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}"#)
  }

  @Test func invalidRequest() async throws {
    try await check(
      #"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#,
      #"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#)
  }

  @Test func batchOfInvalidJSON() async throws {
    try await check(
      """
      [
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method"
      ]
      """, #"{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}"#)
  }

  @Test func emptyBatch() async throws {
    try await check(
      "[]", #"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#)
  }

  @Test(arguments: [1, 3]) func invalidBatch(_ count: Int) async throws {
    let error = #"{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}"#
    try await check(
      "[" + (1...count).map(String.init).joined(separator: ",") + "]",
      "[" + Array(repeating: error, count: count).joined(separator: ",") + "]")
  }

  @Test func batch() async throws {
    try await check(
      """
      [
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
      ]
      """,
      """
      [
        {"jsonrpc": "2.0", "error": {"code": -32602, "message": "by name only"}, "id": "1"},
        {"jsonrpc": "2.0", "result": 19, "id": "2"},
        {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},
        {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},
        {"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}
      ]
      """)
  }

  @Test func batchOfNotifications() async throws {
    try await check(
      """
      [
        {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
      ]
      """, nil)
  }
}

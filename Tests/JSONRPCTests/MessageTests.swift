import JSON
import Testing

@testable import JSONRPC

struct RequestIDTests {
  private func id(_ text: String) throws -> RequestID? { RequestID(try JSON(parsing: Array(text.utf8))) }

  @Test(arguments: [
    "1", "0", "-1", "9223372036854775807", "123456789012345678901234567890", #""""#, #""a""#, #""\u0000""#,
  ])
  func isAnID(_ text: String) throws {
    let id = try #require(try id(text))
    #expect(Array(id.raw) == Array(text.utf8))
  }

  @Test(arguments: ["null", "true", "false", "1.0", "1.5", "1e2", "1E0", "[]", "[1]", "{}"])
  func isNoID(_ text: String) throws { #expect(try id(text) == nil) }

  @Test(arguments: [
    ("1", "1", true), ("1", #""1""#, false), ("1", "2", false), (#""a""#, #""a""#, true),
    (#""a""#, #""\u0061""#, true), (#""\u00e9""#, "\"\u{E9}\"", true), ("\"\u{E9}\"", "\"e\u{301}\"", false),
    ("123456789012345678901234567890", "123456789012345678901234567890", true),
    ("123456789012345678901234567890", #""123456789012345678901234567890""#, false),
    (#""""#, #""\u0000""#, false),
  ])
  func equality(_ a: String, _ b: String, _ same: Bool) throws {
    #expect((try id(a) == id(b)) == same)
    if same { #expect(try id(a).hashValue == id(b).hashValue) }
  }
}

struct EnvelopeTests {
  private func reading(_ text: String) throws -> String {
    func name(_ id: RequestID?) -> String { id.map { String(decoding: $0.raw, as: UTF8.self) } ?? "-" }
    switch Envelope(try JSON(parsing: Array(text.utf8))) {
    case .call(let id, let method, let params):
      let raw = params.map { String(decoding: $0.raw, as: UTF8.self) } ?? "none"
      return "call \(name(id)) \(method.string ?? "") \(raw)"
    case .positional(let id, _): return "positional \(name(id))"
    case .response: return "response"
    case .invalid(let id, let error): return "invalid \(name(id)) \(error.code)"
    }
  }

  @Test(arguments: [
    (#"{"jsonrpc":"2.0","id":1,"method":"m"}"#, "call 1 m none"),
    (#"{"method":"m","params":{"a":1},"id":"x","jsonrpc":"2.0"}"#, #"call "x" m {"a":1}"#),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","params":null}"#, "call 1 m none"),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","params":[]}"#, "call 1 m none"),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","params":{}}"#, "call 1 m {}"),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}"#, "positional 1"),
    (#"{"jsonrpc":"2.0","method":"m","params":[1]}"#, "positional -"),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","params":"x"}"#, "invalid 1 -32600"),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","params":0}"#, "invalid 1 -32600"),
    (#"{"jsonrpc":"2.0","id":1,"method":"m","params":true}"#, "invalid 1 -32600"),
    (#"{"jsonrpc":"2.0","method":"m"}"#, "call - m none"),
    (#"{"jsonrpc":"2.0","method":"m","extra":1,"\u0069d":7}"#, "call 7 m none"),
    (#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, "invalid - -32600"),
    (#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#, "invalid - -32600"),
    (#"{"jsonrpc":"2.0","id":true,"method":"m"}"#, "invalid - -32600"),
    (#"{"jsonrpc":"2.0","id":{},"method":"m"}"#, "invalid - -32600"),
    (#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, "invalid 1 -32600"),
    (#"{"jsonrpc":2.0,"id":1,"method":"m"}"#, "invalid 1 -32600"),
    (#"{"id":1,"method":"m"}"#, "invalid 1 -32600"),
    (#"{"jsonrpc":"2.0","id":1}"#, "invalid 1 -32600"),
    (#"{"jsonrpc":"2.0","id":1,"method":1}"#, "invalid 1 -32600"),
    (#"{"jsonrpc":"2.0","id":1,"method":null}"#, "invalid 1 -32600"),
    (#"{"jsonrpc":"2.0"}"#, "invalid - -32600"),
    (#"{"jsonrpc":"2.0","result":1}"#, "invalid - -32600"),
    (#"{"jsonrpc":"2.0","id":1,"result":null}"#, "response"),
    (#"{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"m"}}"#, "response"),
    (#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}}"#, "response"),
    ("1", "invalid - -32600"), (#""x""#, "invalid - -32600"), ("null", "invalid - -32600"),
    ("[]", "invalid - -32600"), ("{}", "invalid - -32600"),
  ])
  func table(_ text: String, _ expected: String) throws { #expect(try reading(text) == expected) }

  @Test(
    arguments: [
      (nil, nil), ("null", nil), ("{}", nil), (#"{"other":1}"#, nil), ("1", "/_meta"), ("[]", "/_meta"),
      (#"{"progressToken":"a"}"#, nil), (#"{"progressToken":1}"#, nil), (#"{"progressToken":null}"#, nil),
      (#"{"progressToken":1.5}"#, "/_meta/progressToken"), (#"{"progressToken":{}}"#, "/_meta/progressToken"),
      (#"{"timeout_ms":1}"#, nil), (#"{"timeout_ms":86400000}"#, nil),
      (#"{"timeout_ms":0}"#, "/_meta/timeout_ms"),
      (#"{"timeout_ms":86400001}"#, "/_meta/timeout_ms"), (#"{"timeout_ms":"5"}"#, "/_meta/timeout_ms"),
      (#"{"timeout_ms":1.0}"#, "/_meta/timeout_ms"), (#"{"timeout_ms":1e99}"#, "/_meta/timeout_ms"),
    ] as [(String?, String?)])
  func meta(_ text: String?, _ pointer: String?) throws {
    let json = try JSON(parsing: Array((text.map { #"{"_meta":\#($0)}"# } ?? "{}").utf8))
    guard let pointer else {
      _ = try RequestMeta(json)
      return
    }
    let expected = RPCError.invalidParams(pointer: pointer, message: "")
    let error = try #require(throws: RPCError.self) { try RequestMeta(json) }
    #expect(error.code == expected.code && error.details == expected.details)
  }

  @Test func unknownMethodNamesAreCut() {
    let error = RPCError.methodNotFound(String(repeating: "é", count: 5_000))
    #expect(error.details.count < 160)
  }
}

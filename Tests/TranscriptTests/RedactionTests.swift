import JSON
import Testing

@testable import Transcript

/// The parts of a request that a recording keeps, and the replacements of the others.
struct RedactionTests {
  private func recorded(_ request: String, keepsContent: Bool = false) throws -> JSON {
    var recorder = Recorder(keepsContent: keepsContent)
    return try #require(try JSON(parsing: recorder.received(Array(request.utf8)))["send"])
  }

  private func params(_ text: String) throws -> JSON {
    try #require(try recorded(#"{"jsonrpc":"2.0","id":1,"method":"m","params":\#(text)}"#)["params"])
  }

  @Test(arguments: [
    #"{"team_id":"t","user_id":"u","nids":["a","b"],"pageSize":"12","self":true,"view":null}"#,
    #"{"_meta":{"progressToken":"p","timeout_ms":5}}"#,
    #"{"content":""}"#, #"{"data":{}}"#, #"{"content":null}"#,
    #"{"inboxes":[{"team_id":"t","cursor":"c"},{}],"detail":"counts"}"#, #"{"subscription":7}"#,
  ]) func harmlessParametersStay(_ text: String) throws {
    #expect(try Array(params(text).raw) == Array(text.utf8))
  }

  /// Events depend on the clock: what happens twice in a moment may be told once.
  @Test func eventsAreComments() {
    var recorder = Recorder(keepsContent: true)
    let event =
      #"{"jsonrpc":"2.0","method":"inbox_event","params":{"event":"created","message":{"content":"secret"}}}"#
    let step = String(decoding: recorder.sent(Array(event.utf8)), as: UTF8.self)
    #expect(step == "{\"comment\":\"inbox_event: created\"}\n")
  }

  @Test(arguments: [#"[1,"secret"]"#, #"[{"content":"secret"}]"#, #"[["secret"]]"#])
  func whatIsNoListOfInboxesIsLeftOut(_ text: String) throws {
    #expect(!String(decoding: try params(#"{"inboxes":\#(text)}"#).raw, as: UTF8.self).contains("secret"))
  }

  @Test(arguments: ["a", "ab", "längere Worte", "🧀", String(repeating: "w", count: 70_000)])
  func textBecomesAsManyBytes(_ text: String) throws {
    var writer = JSONWriter()
    writer.string(text)
    let content = String(decoding: writer.bytes, as: UTF8.self)
    let out = try #require(try params(#"{"content":\#(content)}"#)["content"]?.string)
    #expect(out.utf8.count == text.utf8.count)
    #expect(out != text || text.utf8.count == 1)
    // The same text is replaced by the same text, so that a repeated send stays one.
    #expect(try params(#"{"content":\#(content)}"#)["content"]?.string == out)
  }

  @Test(arguments: [
    #"{"a":1}"#, #"{"":1}"#, #"{ }"#, #"{   }"#, #"{"secret":["secret",{"x":1}],"secret2":3}"#,
  ]) func dataBecomesAsManyBytes(_ data: String) throws {
    let out = try #require(try params(#"{"data":\#(data)}"#)["data"])
    #expect(out.kind == .object)
    #expect(out.raw.count == data.utf8.count)
    #expect(!String(decoding: out.raw, as: UTF8.self).contains("secret"))
  }

  /// What is imported is what was sent once.
  @Test func importedMessagesAreRedactedOneByOne() throws {
    let message =
      #"{"create_time":"2024-01-02T03:04:05Z","message_type":"n","idempotency_key":"k","read":true,"content":"secret","#
      + #""data":{"secret":"secret"},"other":"secret","messages":["secret"]}"#
    let text = #"{"team_id":"t","messages":[\#(message),"secret"]}"#
    let out = try params(text)
    #expect(!String(decoding: out.raw, as: UTF8.self).contains("secret"))
    let first = try #require(out["messages"]?.elements.first(where: { _ in true }))
    for (name, value) in [
      ("create_time", "2024-01-02T03:04:05Z"), ("message_type", "n"), ("idempotency_key", "k"),
    ] {
      #expect(first.members.first { $0.key.string == name }?.value.string == value)
    }
    #expect(first["read"]?.bool == true)
    #expect(first["content"]?.string?.utf8.count == 6)
    #expect(first["data"]?.kind == .object)
    #expect(out["messages"]?.count == 2)
  }

  /// An answer on a line is recorded as the request that it answers, whatever ends of lines the data has.
  @Test func dataIsTheSameWhereItIsReturned() throws {
    let ends = [
      ("\u{85}", #"\u0085"#), ("\u{2028}", #"\u2028"#), ("\u{2029}", #"\u2029"#), ("\r", " "), ("\n", " "),
    ]
    for (sent, returned) in ends {
      let between = returned == " "
      let out = try [sent, returned].map { end in
        let data = between ? #"{"a":\#(end)1234}"# : #"{"a":"\\\#(end)x"}"#
        return try params(#"{"data":\#(data)}"#)["data"].map { String(decoding: $0.raw, as: UTF8.self) }
      }
      #expect(out[0] != nil)
      #expect(out[0] == out[1])
    }
    // What looks like an escape behind an escaped backslash is text, and data that is too large stays so.
    let text = #"{"a":"\\u2028"}"#
    #expect(try params(#"{"data":\#(text)}"#)["data"]?.raw.count == text.utf8.count)
    let large = #"{"a":"\#(String(repeating: #"\u2028"#, count: 11_000))"}"#
    #expect(try params(#"{"data":\#(large)}"#)["data"]?.raw.count == large.utf8.count)
  }

  @Test(arguments: [
    #"{"":1e1000}"#, #"{"secret":[0,1e-5000]}"#, #"{"secret":\#(String(repeating: "7", count: 2_000))}"#,
  ]) func dataThatIsRefusedStaysSo(_ data: String) throws {
    for keepsContent in [false, true] {
      let request = #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"data":\#(data)}}"#
      // Text, since not everybody who plays it can hold the number.
      let text = try #require(try recorded(request, keepsContent: keepsContent).string)
      let out = try #require(try JSON(parsing: Array(text.utf8))["params"]?["data"])
      #expect(out.raw.count == data.utf8.count)
      #expect(out.unfitNumber(digits: 1_000) != nil)
      #expect(keepsContent || !text.contains("secret"))
    }
  }

  @Test(arguments: [("/data/secret/1", false), ("/data", true), ("/nids/0", true)])
  func aPointerIntoDataIsLeftOut(_ pointer: String, _ isKept: Bool) throws {
    let error = #"{"code":-32602,"message":"m","data":{"kind":"k","details":{"pointer":"\#(pointer)"}}}"#
    for keepsContent in [false, true] {
      var recorder = Recorder(keepsContent: keepsContent)
      let step = recorder.sent(Array(#"{"jsonrpc":"2.0","id":1,"error":\#(error)}"#.utf8))
      let details = try JSON(parsing: step)["expect"]?["error"]?["data"]?["details"]
      #expect(details?["pointer"]?.string == (isKept || keepsContent ? pointer : "<string>"))
    }
  }

  @Test(arguments: [
    (#"{"contents":"secret"}"#, "secret"), (#"{"a secret":1}"#, "secret"),
    (#"{"content":{"secret":1}}"#, "secret"),
    (#"{"_meta":{"x":"secret"}}"#, "secret"), (#"{"content":54321}"#, "54321"),
    (#"{"team_id":{"a secret":"secret"}}"#, "secret"), (#"["secret"]"#, "secret"), (#""secret""#, "secret"),
  ]) func whatIsWrongIsLeftOutToo(_ text: String, _ secret: String) throws {
    let out = String(decoding: try params(text).raw, as: UTF8.self)
    #expect(!out.contains(secret), "\(out)")
  }

  @Test func differentTextStaysDifferent() throws {
    let texts = try (0..<1000).map { number in
      try #require(try params(#"{"content":"message number \#(number)"}"#)["content"]?.string)
    }
    #expect(Set(texts).count == 1000)
  }

  @Test func everythingStaysIfAsked() throws {
    let params = #"{"content":"c","data":{"a":[1]},"other":{"b":2}}"#
    let text = #"{"jsonrpc":"2.0","id":"x","method":"m","params":\#(params)}"#
    #expect(try Array(recorded(text, keepsContent: true).raw) == Array(text.utf8))
  }
}

/// The parts that a recording keeps of requests that do not have the form that the wire expects.
struct MisplacedTextTests {
  private func steps(_ request: String) -> String {
    var recorder = Recorder(keepsContent: false)
    return String(decoding: recorder.received(Array(request.utf8)), as: UTF8.self)
  }

  @Test(arguments: [
    #"{"id":{"secret":1},"method":"ping"}"#, #"{"id":["secret"],"method":"ping"}"#,
    #"{"id":"a secret of more than sixty-four bytes, which no id of a sensible host would have"}"#,
    #"{"id":1,"method":{"a":"secret"}}"#, #"{"id":1,"method":["secret"]}"#, #"{"id":1,"method":"a secret"}"#,
    #"{"id":1,"jsonrpc":{"secret":"secret"}}"#, #"{"id":1,"jsonrpc":"secret"}"#, #"{"a secret":1}"#,
    #""secret""#,
    #"["secret",["secret"],{"id":1,"method":"the secret"}]"#, #"{"id":1,"params":["secret"]}"#,
    #"{"id":1,"method":"m","params":{"pageSize":"a secret","user_id":{"secret":"secret"},"nids":[["secret"]]}}"#,
    #"{"id":1,"method":"m","params":{"_meta":{"timeout_ms":"secret","progressToken":{"value":"secret"}}}}"#,
    #"{"id":1,"method":"m","params":{"x":"secret","y":NaN}}"#,
    #"{"id":1,"secret":1"#,
    #"[{"id":"secret secret secret secret secret secret secret secret secret secret","x":NaN}]"#,
  ]) func isLeftOut(_ request: String) {
    #expect(!steps(request).contains("secret"), "\(steps(request))")
  }

  @Test(arguments: [
    (#"{"id":7,"method":"m","x":NaN}"#, #""send":"{\"id\":7,\"method\":0,\"\":NaN}""#),
    (#"[{"id":"a","x":NaN},{"method":"n"}]"#, #""send":"[{\"id\":\"a\",\"\":NaN},{\"method\":0,\"\":NaN}]""#),
    (#"{"id":7"#, #""send":"?""#),
  ]) func whatIsNoJSONIsRefusedByTheSameIDs(_ request: String, _ step: String) {
    #expect(steps(request).contains(step), "\(steps(request))")
  }

  @Test func anIDIsTheSameInItsAnswer() throws {
    let id = "\"\(String(repeating: "long ", count: 30))\""
    var recorder = Recorder(keepsContent: false)
    let sent = try JSON(
      parsing: recorder.received(Array(#"{"jsonrpc":"2.0","id":\#(id),"method":"m"}"#.utf8)))
    let got = try JSON(parsing: recorder.sent(Array(#"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#.utf8)))
    #expect(sent["send"]?["id"]?.string?.utf8.count == 150)
    #expect(sent["send"]?["id"]?.string == got["expect"]?["id"]?.string)
  }
}

import Inbox
import JSON
import JSONRPC
import MemoryStore
import Testing

@testable import API

/// Tests of every parameter of every method: a value that fits is accepted, any other is refused by the
/// parameter's name.
@Suite struct ParameterTests {
  static let service = TidingsService(store: MemoryStore())

  /// The error of a call, as `kind pointer`; nil if it is accepted.
  static func refusal(_ method: String, _ params: String?) throws -> String? {
    let name = try JSON(parsing: Array("\"\(method)\"".utf8))
    do {
      _ = try service.prepare(method: name, params: params.map { try JSON(parsing: Array($0.utf8)) })
      return nil
    } catch let error as RPCError {
      let details = try JSON(parsing: error.details)
      return "\(error.kind.name) \(details["pointer"]?.string ?? "")"
    }
  }

  /// The text of an object with these members; later ones replace earlier ones of the same name.
  static func object(_ members: [(String, String)]) -> String {
    var unique: [(String, String)] = []
    for member in members {
      unique.removeAll { $0.0 == member.0 }
      unique.append(member)
    }
    return "{" + unique.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
  }

  static func members(_ json: String) throws -> [(String, String)] {
    try JSON(parsing: Array(json.utf8)).members.map {
      ($0.key.string!, String(decoding: $0.value.raw, as: UTF8.self))
    }
  }

  @Test func everyExampleIsAccepted() throws {
    for method in Registry.methods {
      #expect(try Self.refusal("\(method.name)", method.example.params) == nil, "\(method.name)")
      #expect(throws: Never.self) { try JSON(parsing: Array(method.example.result.utf8)) }
    }
  }

  @Test func everyRequiredParameterIsMissed() throws {
    for method in Registry.methods {
      for parameter in method.parameters where parameter.isRequired {
        let others = try Self.members(method.example.params).filter { $0.0 != "\(parameter.name)" }
        for given in [others, others + [("\(parameter.name)", "null")]] {
          #expect(
            try Self.refusal("\(method.name)", Self.object(given)) == "invalid_params /\(parameter.name)")
        }
      }
    }
  }

  /// No parameter accepts all three of these values: at least one of them fits no form of the contract.
  @Test func everyParameterRefusesOtherTypes() throws {
    for method in Registry.methods {
      for parameter in method.parameters {
        let name = "\(parameter.name)"
        var refused = 0
        for value in ["1.5", "[{}]", "-1", "{\"a\":1}"] {
          let params = Self.object(try Self.members(method.example.params) + [(name, value)])
          guard let refusal = try Self.refusal("\(method.name)", params) else { continue }
          #expect(refusal.hasPrefix("invalid_params /\(name)"), "\(method.name) \(params)")
          refused += 1
        }
        #expect(refused >= 3, "\(method.name) \(name)")
      }
    }
  }

  @Test func everyMethodRefusesUnknownParameters() throws {
    for method in Registry.methods {
      for (name, pointer) in [
        ("nonsense", "nonsense"), ("a/b~c", "a~1b~0c"), ("", ""), ("Team_id", "Team_id"),
      ] {
        let params = Self.object(try Self.members(method.example.params) + [(name, "1")])
        #expect(try Self.refusal("\(method.name)", params) == "invalid_params /\(pointer)")
      }
      let params = Self.object(try Self.members(method.example.params) + [("_meta", "{}")])
      #expect(try Self.refusal("\(method.name)", params) == nil)
    }
  }

  @Test func aNameMayHaveEscapes() throws {
    #expect(try Self.refusal(#"p\u0069ng"#, nil) == nil)
    #expect(try Self.refusal(#"p\u0069n"#, nil) == "method_not_found ")
  }

  @Test func anUnknownMethodIsRefused() throws {
    #expect(try Self.refusal("get_team_messages", nil) == "method_not_found ")
    #expect(try Self.refusal("", nil) == "method_not_found ")
    #expect(try Self.refusal(String(repeating: "x", count: 1000), nil) == "method_not_found ")
  }

  static func text(_ count: Int) -> String { "\"" + String(repeating: "x", count: count) + "\"" }
  static func list(_ count: Int) -> String {
    "[" + (0..<count).map { "\"r\($0)\"" }.joined(separator: ",") + "]"
  }

  static func inboxes(_ count: Int) -> String {
    "[" + (0..<count).map { #"{"team_id":"t\#($0)"}"# }.joined(separator: ",") + "]"
  }

  /// What is wrong with a list of inboxes is refused by its place.
  @Test(arguments: ["subscribe", "get_changes"])
  func badListsOfInboxesAreRefused(_ method: String) throws {
    let cursor = #""BCHJvPG5BrYUAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#
    for (params, refusal) in [
      (#""inboxes":[{},{}]"#, "/inboxes/1"),
      (#""inboxes":[{"team_id":"t"},{},{"team_id":"t"}]"#, "/inboxes/2"),
      (#""inboxes":[{},{"team_id":null}]"#, "/inboxes/1"),
      (#""inboxes":[{}],"team_id":"t""#, "/inboxes"),
      (#""inboxes":[{}],"cursor":\#(cursor),"team_id":"t""#, "/inboxes"),
      (#""inboxes":[{"team_id":""}]"#, "/inboxes/0/team_id"),
      (#""inboxes":[{},{"team_id":1}]"#, "/inboxes/1/team_id"),
      (#""inboxes":[{"cursor":1}]"#, "/inboxes/0/cursor"),
      (#""inboxes":[{"cursor":"x"}]"#, "/inboxes/0/cursor"),
      (#""inboxes":[{"team_id":"t","cursor":\#(cursor)}]"#, ""),
      (#""inboxes":[{"team_id":"u"},{"cursor":\#(cursor)}]"#, "/inboxes/1/cursor"),
      (#""inboxes":[{"user_id":"bo"}]"#, "/inboxes/0/user_id"),
      (#""inboxes":[{"a/b":1}]"#, "/inboxes/0/a~1b"),
      (#""cursor":\#(cursor)"#, "/cursor"),
      (#""cursor":\#(cursor),"team_id":"t""#, ""),
    ] {
      let expected = refusal.isEmpty ? nil : "invalid_params \(refusal)"
      #expect(try Self.refusal(method, #"{"user_id":"bo",\#(params)}"#) == expected, "\(params)")
    }
    // A cursor in the format of another version: alone an error, in a list an inbox that is to be read anew.
    let older = #""Av___________wEAAAAAAA""#
    #expect(try Self.refusal(method, #"{"user_id":"bo","cursor":\#(older)}"#) == "cursor_expired /cursor")
    #expect(try Self.refusal(method, #"{"user_id":"bo","inboxes":[{"cursor":\#(older)}]}"#) == nil)
  }

  /// The sizes and ranges of the contract: the last value that is accepted, and the first that is refused.
  static let bounds: [(method: String, parameter: String, accepted: [String], refused: [String])] = [
    (
      "send_team_message", "team_id", [text(1), text(128), "\"\\u0000\""],
      [text(0), text(129), "\"\(String(repeating: "é", count: 65))\""]
    ),
    ("send_team_message", "user_id", [text(128)], [text(129)]),
    ("send_team_message", "message_type", [text(128)], [text(129)]),
    ("send_team_message", "idempotency_key", [text(128)], [text(0), text(129)]),
    ("send_team_message", "receiver_id", [text(128)], [text(0), text(129)]),
    ("send_team_message", "username", [text(0), text(1024)], [text(1025)]),
    ("send_team_message", "team_name", [text(0), text(1024)], [text(1025)]),
    ("send_team_message", "content", [text(0), text(65_536)], [text(65_537)]),
    (
      "send_team_message", "data",
      ["{}", "{\"a\":\(text(65_528))}", "{\"a\":\(String(repeating: "9", count: 1_000))}", "{\"a\":1e999}"],
      [
        "[]", "\"x\"", "{\"a\":\(text(65_529))}", "{\"a\":1e1000}",
        "{\"a\":0.\(String(repeating: "1", count: 1_000))}",
      ]
    ),
    ("send_team_message", "reader_ids", [list(1), list(10_000)], ["[]", list(10_001), "\"bo\""]),
    (
      "subscribe", "inboxes",
      ["[{}]", #"[{"team_id":"a"},{"team_id":"b","cursor":null},{"team_id":null}]"#, inboxes(1_000)],
      ["[]", inboxes(1_001), "{}", "[1]", "[null]", #"["a"]"#]
    ),
    ("subscribe", "detail", [#""messages""#, #""counts""#], [#""""#, #""all""#, "true", "1"]),
    ("unsubscribe", "subscription", ["1", #""7""#, "9223372036854775807"], ["0", "-1", #""x""#, "1.5"]),
    (
      "get_team_message", "pageSize", ["1", "200", "\"1\"", "\"200\"", "\"012\""],
      ["0", "201", "\"0\"", "\"\"", "\"1 \"", "\"+1\"", "true", "1.0", "1e2"]
    ),
    (
      "get_team_message", "pageNo", ["1", "9223372036854775807", "\"3\""],
      ["0", "\"0\"", "\"x\"", "9223372036854775808"]
    ),
    (
      "get_team_message", "self", ["true", "false", "\"true\"", "\"false\""],
      ["\"True\"", "\"\"", "1", "\"yes\""]
    ),
    (
      "get_team_message", "view", ["\"inbox\"", "\"unread\"", "\"read\"", "\"archived\"", "\"all\""],
      ["\"Inbox\"", "\"\"", "\"deleted\""]
    ),
    (
      "get_team_message", "order", ["\"newest\"", "\"oldest\"", "\"unread_first\""],
      ["\"unreadFirst\"", "\"\""]
    ),
    (
      "get_team_message", "message_type", ["\"a\"", "[\"a\"]", list(20)], ["[]", "\"\"", "[\"\"]", list(21)]
    ),
    ("get_unread_count", "team_ids", ["[]", list(1000)], [list(1001), "[\"\"]", "\"blue\""]),
    ("get_unread_count", "account", ["true", "\"false\""], ["0", "\"no\""]),
    ("mark_read", "nids", ["[]", list(1000)], [list(1001), "[1]", "\"x\""]),
    ("join_team", "from", ["\"now\"", "\"start\""], ["\"then\"", "\"\""]),
  ]

  @Test func sizesAndRanges() throws {
    for row in Self.bounds {
      let method = try #require(Registry.methods.first { "\($0.name)" == row.method })
      for (values, accepted) in [(row.accepted, true), (row.refused, false)] {
        for value in values {
          let params = Self.object(try Self.members(method.example.params) + [(row.parameter, value)])
          let refusal = try Self.refusal(row.method, params)
          let place = Comment("\(row.method) \(row.parameter) \(value.prefix(40))")
          if accepted {
            #expect(refusal == nil, place)
          } else {
            #expect(refusal?.hasPrefix("invalid_params /\(row.parameter)") == true, place)
          }
        }
      }
    }
  }

  @Test(arguments: [
    ("get_team_message", #"{"team_id":"t"}"#, "/user_id"),
    ("get_team_message", "{}", "/team_id"),
    ("get_team_message", #"{"nonsense":1}"#, "/team_id"),
    ("get_team_message", #"{"team_id":"t","user_id":"u","pageSize":0,"view":"x"}"#, "/pageSize"),
    ("get_team_message", #"{"team_id":"t","user_id":"u","pageNo":1,"cursor":"AQ"}"#, "/cursor"),
    ("get_team_message", #"{"team_id":"t","user_id":"u","cursor":"nonsense","self":3}"#, "/cursor"),
    ("get_team_message", #"{"team_id":"t","user_id":"u","message_type":["a",3]}"#, "/message_type/1"),
    (
      "send_team_message", #"{"team_id":"t","user_id":"u","message_type":"m","reader_ids":["a",""]}"#,
      "/reader_ids/1"
    ),
    ("send_account_message", #"{"message_type":"m"}"#, "/reader_id"),
    ("send_account_message", #"{"message_type":"m","reader_id":"a","reader_ids":["b"]}"#, "/reader_ids"),
    ("send_account_message", #"{"reader_id":"a"}"#, "/message_type"),
    ("send_announcement", #"{"message_type":"m","reader_ids":["b"]}"#, "/reader_ids"),
    ("mark_read", #"{"user_id":"u"}"#, "/nids"),
    ("mark_read", #"{"user_id":"u","all":false}"#, "/nids"),
    ("mark_read", #"{"user_id":"u","nids":[],"all":true}"#, "/all"),
    ("mark_read", #"{"user_id":"u","nids":[],"up_to":"x"}"#, "/up_to"),
    ("mark_read", #"{"user_id":"u","nids":["x",7]}"#, "/nids/1"),
    ("ping", #"{"a":1}"#, "/a"),
    (
      "send_team_message", #"{"team_id":"t","user_id":"u","message_type":"m","data":{"a/b":[1,-2e1400]}}"#,
      "/data/a~1b/1"
    ),
  ])
  func theFirstOffenderIsNamed(_ method: String, _ params: String, _ pointer: String) throws {
    #expect(try Self.refusal(method, params) == "invalid_params \(pointer)")
  }
}

import Inbox
import JSON
import JSONRPC
import MemoryStore
import Testing

@testable import API

/// The requests that a host may make under each scope, for every method.
@Suite struct ScopeTests {
  static let bo = #""user_id":"bo""#
  static let team = #""team_id":"blue""#
  static let old =
    #""messages":[{"create_time":"2024-01-02T03:04:05Z","message_type":"m","idempotency_key":"k"}]"#

  /// A call by bo, and the pointers at which it is refused to a host that may only read, to one that acts for
  /// another user, and to one of other teams; nil where it is allowed.
  static let table: [(method: String, params: String, readOnly: String?, user: String?, team: String?)] = [
    ("send_team_message", #"{\#(team),\#(bo),"message_type":"m"}"#, "", "/user_id", "/team_id"),
    (
      "send_account_message", #"{"reader_id":"cyd","message_type":"m",\#(bo)}"#, "", "/user_id",
      "/reader_id"
    ),
    (
      "send_account_message", #"{"reader_ids":["cyd"],"message_type":"m",\#(bo)}"#, "", "/user_id",
      "/reader_ids"
    ),
    ("send_announcement", #"{"message_type":"m",\#(bo)}"#, "", "", ""),
    ("get_team_message", #"{\#(team),\#(bo)}"#, nil, "/user_id", "/team_id"),
    ("get_account_message", #"{\#(bo)}"#, nil, "/user_id", "/user_id"),
    ("get_message", #"{\#(bo),"nid":"AQRibHVl.1",\#(team)}"#, nil, "/user_id", "/team_id"),
    ("get_message", #"{\#(bo),"nid":"AQRibHVl.1"}"#, nil, "/user_id", "/team_id"),
    ("mark_read", #"{\#(bo),\#(team),"all":true}"#, "", "/user_id", "/team_id"),
    ("mark_read", #"{\#(bo),"all":true}"#, "", "/user_id", "/team_id"),
    ("mark_unread", #"{\#(bo),\#(team),"all":true}"#, "", "/user_id", "/team_id"),
    ("mark_seen", #"{\#(bo),\#(team),"all":true}"#, "", "/user_id", "/team_id"),
    ("archive_message", #"{\#(bo),\#(team),"all":true}"#, "", "/user_id", "/team_id"),
    ("unarchive_message", #"{\#(bo),\#(team),"all":true}"#, "", "/user_id", "/team_id"),
    ("delete_message", #"{\#(bo),\#(team),"all":true}"#, "", "/user_id", "/team_id"),
    ("get_unread_count", #"{\#(bo),"team_ids":["blue"]}"#, nil, "/user_id", "/team_ids/0"),
    ("get_unread_count", #"{\#(bo),"team_ids":["red","blue"]}"#, nil, "/user_id", "/team_ids/1"),
    ("get_unread_count", #"{\#(bo),"account":true}"#, nil, "/user_id", "/account"),
    ("join_team", #"{\#(team),\#(bo)}"#, "", "/user_id", "/team_id"),
    ("leave_team", #"{\#(team),\#(bo)}"#, "", "/user_id", "/team_id"),
    ("join_account", #"{\#(bo)}"#, "", "/user_id", "/user_id"),
    ("retract_message", #"{"nid":"AQRibHVl.1",\#(bo)}"#, "", "/user_id", "/nid"),
    ("get_changes", #"{\#(bo),\#(team)}"#, nil, "/user_id", "/team_id"),
    ("get_changes", #"{\#(bo)}"#, nil, "/user_id", "/team_id"),
    (
      "get_changes", #"{\#(bo),"inboxes":[{"team_id":"red"},{\#(team)}]}"#, nil, "/user_id",
      "/inboxes/1/team_id"
    ),
    ("get_changes", #"{\#(bo),"inboxes":[{"team_id":"red"},{}]}"#, nil, "/user_id", "/inboxes/1/team_id"),
    ("subscribe", #"{\#(bo),\#(team)}"#, nil, "/user_id", "/team_id"),
    ("subscribe", #"{\#(bo)}"#, nil, "/user_id", "/team_id"),
    ("subscribe", #"{\#(bo),"inboxes":[{\#(team)}]}"#, nil, "/user_id", "/inboxes/0/team_id"),
    ("subscribe", #"{\#(bo),"inboxes":[{"team_id":"green"},{}]}"#, nil, "/user_id", "/inboxes/1/team_id"),
    ("unsubscribe", #"{"subscription":1}"#, nil, nil, nil),
    ("import_messages", #"{\#(team),\#(old)}"#, "", "", "/team_id"),
    ("import_messages", #"{\#(team),"reader_id":"cyd",\#(old)}"#, "", "", "/team_id"),
    ("import_messages", #"{"reader_id":"cyd",\#(old)}"#, "", "", "/reader_id"),
    ("import_messages", #"{\#(old)}"#, "", "", ""),
    ("ping", "{}", nil, nil, nil),
    ("get_status", "{}", nil, nil, nil),
    ("rpc.discover", "{}", nil, nil, nil),
  ]

  static let other = Scope(user: "ann")
  static let red = Scope(teams: ["red", "green"])

  /// The refusal of a call, as `kind pointer`; nil if it is accepted.
  static func refusal(_ scope: Scope, _ method: String, _ params: String) throws -> String? {
    let service = TidingsService(store: MemoryStore(), scope: scope)
    do {
      _ = try service.prepare(
        method: try JSON(parsing: Array("\"\(method)\"".utf8)),
        params: try JSON(parsing: Array(params.utf8)))
      return nil
    } catch let error as RPCError {
      return "\(error.kind.name) \(try JSON(parsing: error.details)["pointer"]?.string ?? "")"
    }
  }

  @Test func everyMethodIsInTheTable() {
    let known = Set(Self.table.map(\.method))
    #expect(Registry.methods.map { "\($0.name)" }.filter { !known.contains($0) } == [])
  }

  @Test(arguments: table.indices) func refusals(_ index: Int) throws {
    let (method, params, readOnly, user, team) = Self.table[index]
    func forbidden(_ pointer: String?) -> String? { pointer.map { "forbidden \($0)" } }
    #expect(try Self.refusal(Scope(), method, params) == nil)
    #expect(try Self.refusal(Scope(isReadOnly: true), method, params) == forbidden(readOnly))
    #expect(try Self.refusal(Self.other, method, params) == forbidden(user))
    #expect(try Self.refusal(Self.red, method, params) == forbidden(team))
    // A host whose scope includes all this may make every call except an announcement, and import nothing.
    let wide = Scope(user: "bo", teams: ["blue", "red", "green"])
    let isOfAll = ["send_announcement", "import_messages"].contains(method)
    #expect(try Self.refusal(wide, method, params) == (isOfAll ? "forbidden " : nil))
  }

  /// The parameters that name users, teams and messages, and those that name nothing of the kind. A new
  /// parameter must be added here, and to its method's claims.
  @Test func everyParameterIsKnown() {
    let known: Set = [
      "team_id", "user_id", "team_ids", "nid", "nids", "up_to", "account", "reader_id", "reader_ids",
      "receiver_id", "message_type", "username", "team_name", "content", "data", "idempotency_key",
      "pageSize", "pageNo", "cursor", "self", "view", "order", "from", "all", "wait_ms", "messages",
      "inboxes", "detail", "subscription",
    ]
    let named = Registry.methods.flatMap { method in method.parameters.map { "\($0.name)" } }
    #expect(Set(named).subtracting(known) == [])
  }

  /// Every method with a `user_id` takes the scope's user if that is left out, and no other user.
  @Test func theUserMayBeLeftOut() throws {
    for method in Registry.methods where method.parameters.contains(where: { "\($0.name)" == "user_id" }) {
      let name = "\(method.name)"
      let rest = try ParameterTests.members(method.example.params).filter { $0.0 != "user_id" }
      let announces = name == "send_announcement"
      for given in [rest, rest + [("user_id", "null")], rest + [("user_id", #""\u0062o""#)]] {
        let refusal = try Self.refusal(Scope(user: "bo"), name, ParameterTests.object(given))
        #expect(refusal == (announces ? "forbidden " : nil), "\(name)")
      }
      for other in [#""Bo""#, #""bo ""#, #""b\u00f6""#] {
        let given = ParameterTests.object(rest + [("user_id", other)])
        let refusal = try Self.refusal(Scope(user: "bo"), name, given)
        #expect(refusal == (announces ? "forbidden " : "forbidden /user_id"), "\(name)")
      }
    }
  }

  @Test(arguments: [
    (Scope(user: "bo"), "get_team_message", #"{"team_id":5}"#, "invalid_params /team_id"),
    (Scope(user: "bo"), "get_team_message", #"{"team_id":"blue","user_id":""}"#, "invalid_params /user_id"),
    (Scope(user: "bo"), "get_account_message", #"{"colour":1}"#, "invalid_params /colour"),
    (Scope(user: "bo"), "ping", #"{"user_id":"bo"}"#, "invalid_params /user_id"),
    (Scope(isReadOnly: true), "mark_read", "{}", "invalid_params /user_id"),
    (red, "get_unread_count", #"{"user_id":"bo"}"#, nil),
    (red, "get_unread_count", #"{"user_id":"bo","team_ids":["green","blue"]}"#, "forbidden /team_ids/1"),
    (red, "get_unread_count", #"{"user_id":"bo","team_ids":["red"],"account":"true"}"#, "forbidden /account"),
    (red, "get_team_message", #"{"team_id":"red","user_id":"bo"}"#, nil),
    (red, "get_team_message", #"{"team_id":"Red","user_id":"bo"}"#, "forbidden /team_id"),
    (red, "retract_message", #"{"nid":"no nid"}"#, nil),
    (red, "retract_message", #"{"nid":"Aw.1"}"#, "forbidden /nid"),
    (red, "retract_message", #"{"nid":"BAJibw.1"}"#, "forbidden /nid"),
    (Scope(user: "bo", teams: ["red"]), "retract_message", #"{"nid":"AQRibHVl.1"}"#, "forbidden /nid"),
    (Scope(user: "bo", teams: ["red"]), "get_account_message", "{}", nil),
    (Scope(user: "bo", teams: ["red"]), "get_unread_count", #"{"team_ids":["red"]}"#, nil),
    (Scope(teams: ["red"], isReadOnly: true), "get_team_message", #"{"team_id":"red","user_id":"bo"}"#, nil),
    (Scope(user: "bo", isReadOnly: true), "join_team", #"{"team_id":"red"}"#, "forbidden "),
  ])
  func edges(_ scope: Scope, _ method: String, _ params: String, _ refusal: String?) throws {
    #expect(try Self.refusal(scope, method, params) == refusal)
  }

  /// Every method with a name to show takes the scope's name if that is left out, and no other name.
  @Test func theUsernameMayBeLeftOut() throws {
    let scope = Scope(username: "Bo B.")
    for method in Registry.methods where method.parameters.contains(where: { "\($0.name)" == "username" }) {
      let name = "\(method.name)"
      let rest = try ParameterTests.members(method.example.params).filter { $0.0 != "username" }
      for given in [rest, rest + [("username", "null")], rest + [("username", #""Bo B.""#)]] {
        #expect(try Self.refusal(scope, name, ParameterTests.object(given)) == nil, "\(name)")
      }
      for other in [#""Ann""#, #""""#, #""Bo B. ""#] {
        let refusal = try Self.refusal(scope, name, ParameterTests.object(rest + [("username", other)]))
        #expect(refusal == "forbidden /username", "\(name)")
      }
    }
  }

  @Test func onlyAKnownUserHasToHaveSent() {
    let name = MessageName(log: .team("blue"), seq: 1)
    #expect(Scope(user: "bo").mustHaveSent([.retracts(name), .user("bo")]) == name)
    #expect(Scope(user: "bo").mustHaveSent([.retracts(nil), .user("bo")]) == nil)
    #expect(Scope(user: "bo").mustHaveSent([.user("bo"), .team("blue")]) == nil)
    #expect(Scope(teams: ["blue"]).mustHaveSent([.retracts(name)]) == nil)
  }
}

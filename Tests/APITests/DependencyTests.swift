import Inbox
import JSON
import JSONRPC
import MemoryStore
import Testing

@testable import API

/// The calls that wait for one another, by the dependencies that the methods declare.
@Suite struct DependencyTests {
  private static let service = TidingsService(store: MemoryStore())

  private static func dependencies(_ method: String, _ params: String) throws -> [Dependency] {
    let name = try JSON(parsing: Array("\"\(method)\"".utf8))
    return try service.prepare(method: name, params: try JSON(parsing: Array(params.utf8))).dependencies
  }

  /// Returns whether the second call waits for the end of the first, by the rule in `Dependency`.
  private static func wait(_ one: [Dependency], _ other: [Dependency]) -> Bool {
    one.contains { mine in
      other.contains { $0.key == mine.key && ($0.mode != mine.mode || $0.mode == .exclusive) }
    }
  }

  private static let sendTeam = ("send_team_message", #"{"team_id":"t","user_id":"ann","message_type":"m"}"#)
  private static let sendBo = (
    "send_team_message", #"{"team_id":"t","user_id":"ann","message_type":"m","reader_ids":["bo","cy"]}"#
  )
  private static let announce = ("send_announcement", #"{"message_type":"m"}"#)
  private static let sendAccount = ("send_account_message", #"{"reader_id":"bo","message_type":"m"}"#)
  private static let bo = ("get_team_message", #"{"team_id":"t","user_id":"bo"}"#)
  private static let cy = ("get_team_message", #"{"team_id":"t","user_id":"cy"}"#)
  private static let dee = ("get_team_message", #"{"team_id":"t","user_id":"dee"}"#)
  private static let elsewhere = ("get_team_message", #"{"team_id":"u","user_id":"bo"}"#)
  private static let account = ("get_account_message", #"{"user_id":"bo"}"#)
  private static let counts = ("get_unread_count", #"{"user_id":"bo","team_ids":["t"]}"#)
  private static let markBo = ("mark_read", #"{"team_id":"t","user_id":"bo","all":true}"#)
  private static let markCy = ("mark_read", #"{"team_id":"t","user_id":"cy","all":true}"#)
  private static let joinBo = ("join_team", #"{"team_id":"t","user_id":"bo"}"#)
  private static let retract = ("retract_message", #"{"nid":"AQF0.1"}"#)
  private static let old =
    #""messages":[{"create_time":"2024-01-02T03:04:05Z","message_type":"m","idempotency_key":"k"}]"#
  private static let importTeam = ("import_messages", #"{"team_id":"t",\#(old)}"#)
  private static let importBo = ("import_messages", #"{"team_id":"t","reader_id":"bo",\#(old)}"#)
  private static let follow = ("get_changes", #"{"team_id":"t","user_id":"bo"}"#)
  private static let followAll = ("get_changes", #"{"user_id":"bo","inboxes":[{"team_id":"t"},{}]}"#)
  private static let subscribe = ("subscribe", #"{"user_id":"bo","inboxes":[{"team_id":"t"},{}]}"#)
  private static let unsubscribe = ("unsubscribe", #"{"subscription":1}"#)
  private static let ping = ("ping", "{}")

  @Test(arguments: [
    (sendTeam, bo), (sendTeam, cy), (sendTeam, counts), (sendTeam, markBo), (sendTeam, retract),
    (sendTeam, joinBo), (sendTeam, follow), (sendBo, bo), (sendBo, cy), (sendBo, counts), (sendBo, markCy),
    (announce, account), (announce, counts), (sendAccount, account), (sendAccount, counts), (markBo, bo),
    (markBo, counts), (markBo, follow), (joinBo, bo), (retract, bo), (retract, cy), (retract, markBo),
    (retract, retract), (retract, follow), (sendTeam, followAll), (sendAccount, followAll),
    (sendTeam, subscribe),
    (markBo, subscribe), (retract, subscribe), (announce, subscribe),
    (importTeam, bo), (importTeam, cy), (importTeam, sendTeam),
    (importTeam, importTeam), (importTeam, markBo), (importTeam, importBo), (importBo, bo),
    (importBo, markBo),
    (importBo, sendBo), (importBo, sendTeam),
  ])
  func theseTakeEffectInOrder(_ one: (String, String), _ other: (String, String)) throws {
    let (mine, theirs) = (try Self.dependencies(one.0, one.1), try Self.dependencies(other.0, other.1))
    #expect(Self.wait(mine, theirs) && Self.wait(theirs, mine))
  }

  @Test(arguments: [
    // Readers of one team run together, also while one of them marks.
    (bo, bo), (bo, cy), (bo, counts), (markBo, cy), (markBo, markCy), (joinBo, cy), (joinBo, markCy),
    (follow, bo), (subscribe, bo), (subscribe, follow), (subscribe, subscribe), (subscribe, unsubscribe),
    (markCy, subscribe), (unsubscribe, sendTeam),
    // A message that one reader gets alone does not concern other readers.
    (sendBo, dee), (sendBo, sendTeam), (sendAccount, announce),
    // Sends share a commit.
    (sendTeam, sendTeam), (announce, announce), (sendBo, sendBo),
    // Another team, another inbox.
    (sendTeam, elsewhere), (sendTeam, account), (markBo, elsewhere), (markBo, account), (retract, elsewhere),
    (retract, account), (ping, sendTeam), (ping, retract), (ping, ping),
    (importTeam, elsewhere), (importTeam, account), (importBo, cy), (importBo, elsewhere), (importBo, markCy),
  ])
  func theseRunBesideOneAnother(_ one: (String, String), _ other: (String, String)) throws {
    let (mine, theirs) = (try Self.dependencies(one.0, one.1), try Self.dependencies(other.0, other.1))
    #expect(!Self.wait(mine, theirs) && !Self.wait(theirs, mine))
  }
}

import Inbox
import JSON
import JSONRPC

/// Returns the counts of many inboxes of one reader at once.
struct GetUnreadCount: Method {
  static let deed = Deed.look
  static let name: StaticString = "get_unread_count"
  static let summary = "Returns the numbers of all, unread and unseen messages in a reader's inboxes."
  static let teamIDs = Parameter(
    "team_ids", .list(.identifier, 0...1000), or: [], "The teams whose inboxes are counted.")
  static let account = Parameter("account", .boolean, or: true, "Whether the account inbox is counted too.")
  static let parameters: [any ParameterDescription] = [Common.userID, teamIDs, account]
  static let result = JSONSchema.object([
    .init("count", .described(.integer(0), "The sum of all counts.")),
    .init("account", .component("Counts"), optional: true),
    .init("teams", .map(.component("Counts"))),
  ])
  static let errors: [RPCError.Kind] = [.storeUnavailable]
  static let example = Example(
    params: #"{"user_id":"bo","team_ids":["blue"]}"#,
    result:
      #"{"count":3,"account":{"total":1,"count":1,"unseen":1},"teams":{"blue":{"total":2,"count":2,"unseen":2}}}"#
  )

  private let user: Text
  /// The teams as they were given: the same team may occur twice.
  private let teams: [Text]
  private let account: Bool

  init(_ arguments: Arguments) throws(RPCError) {
    user = try arguments(Common.userID)
    teams = try arguments(Self.teamIDs)
    account = try arguments(Self.account)
  }

  var claims: [Claim] {
    let named = teams.enumerated().map { Claim.team($1, pointer: "/team_ids/\($0)") }
    return [.user(user)] + named + (account ? [.account(pointer: "/account")] : [])
  }

  private var inboxes: [Inbox] {
    (account ? [Inbox(user: user)] : []) + teams.uniqued.map { Inbox(user: user, team: $0) }
  }

  var dependencies: [Dependency] { inboxes.flatMap { [Dependency].reading($0) } }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    // Counted while the store is read, and not on a thread that other calls wait for.
    let counted = try await backend.store.read(before: context.deadline) { [inboxes] reader in
      try TimedReader(reader, context.checkTime).states(of: inboxes).map { state in
        (team: state.inbox.team, counts: try state.counts(context.checkTime))
      }
    }
    return JSONWriter.object { writer in
      writer.member("count", counted.reduce(0) { $0 + $1.counts.unread })
      for account in counted where account.team == nil {
        writer.key("account")
        writer.beginObject()
        writer.counts(account.counts)
        writer.endObject()
      }
      writer.key("teams")
      writer.beginObject()
      for case (let team?, let counts) in counted {
        writer.key(team.string)
        writer.beginObject()
        writer.counts(counts)
        writer.endObject()
      }
      writer.endObject()
    }
  }
}

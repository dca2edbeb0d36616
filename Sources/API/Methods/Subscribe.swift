import Inbox
import JSON
import JSONRPC

/// Follows inboxes of one reader by events.
struct Subscribe: Method {
  static let deed = Deed.look
  static let name: StaticString = "subscribe"
  static let summary =
    "Follows inboxes of one reader: from the answer on, `inbox_event` tells each change, until `unsubscribe`."
  static let detail = Parameter(
    "detail", Form<Detail>.word, or: .messages,
    "Whether every event is sent, or only `counts`, at most ten a second for each inbox.")
  static let parameters: [any ParameterDescription] = FollowParameters.parameters + [detail]
  static let result = JSONSchema.object([
    .init(
      "subscription", .described(.integer(1), "The number of the subscription, which its events carry.")),
    .init(
      "inboxes",
      .described(
        .array(Components.followed(Components.countMembers)), "Each inbox, as it is at its cursor.")),
    .init("count", .described(.integer(0), "The sum of all counts.")),
  ])
  static let errors: [RPCError.Kind] = [.responseTooLarge, .cursorExpired, .limitReached, .storeUnavailable]
  static let example = Example(
    params: #"{"user_id":"bo","inboxes":[{"team_id":"blue"},{}]}"#,
    result:
      #"{"subscription":1,"inboxes":[{"team_id":"blue","#
      + #""cursor":"BBi7w3AGEebnAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","#
      + #""total":2,"count":1,"unseen":1},"#
      + #"{"cursor":"BNOuBAHRPtb8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","#
      + #""total":0,"count":0,"unseen":0}],"count":1}"#)

  /// What a subscription is sent.
  enum Detail: String, Sendable, CaseIterable {
    case messages
    case counts
  }

  private let following: FollowParameters
  private let detail: Detail

  init(_ arguments: Arguments) throws(RPCError) {
    following = try FollowParameters(arguments)
    detail = try arguments(Self.detail)
  }

  var claims: [Claim] { following.claims }

  var dependencies: [Dependency] { following.dependencies + [.subscriptions] }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    let dispatcher = backend.live.dispatcher(of: context.notifier)
    // Added before it is known from where: what happens while that is read is not missed.
    let follower = try dispatcher.add(following.inboxes, detail == .counts ? .counts : .messages)
    do {
      let starts = try await starts(backend, context)
      let answer = answer(follower.id, starts)
      let limit = backend.limits.answerBytes
      guard answer.count <= limit else { throw RPCError.responseTooLarge(limit: limit) }
      context.afterAnswer {
        dispatcher.start(follower, starts.map { ($0.position, $0.counts, $0.looks) })
      }
      return answer
    } catch {
      dispatcher.end(follower.id)
      throw error
    }
  }

  /// Where one inbox is followed from.
  private struct Start: Sendable {
    var position: Position
    var counts: InboxState.Counts
    var isExpired = false
    var looks = false
  }

  private func starts(_ backend: Backend, _ context: CallContext) async throws -> [Start] {
    try await backend.store.read(before: context.deadline) { [following, detail] reader in
      let timed = TimedReader(reader, context.checkTime)
      let states = try timed.states(of: following.inboxes)
      // What shows that the logs are those of the cursors.
      try timed.prefetch(
        changesOf: zip(states, following.places).lazy.map { ($0, $1.cursor) }, limit: 1)
      return try zip(following.places, states).map { place, state in
        var isExpired = place.isExpired
        if let cursor = place.cursor {
          do {
            let counts = try state.counts(at: cursor, timed, check: context.checkTime)
            // The counts alone need no catching up.
            if detail == .messages {
              let position = Position(cursor: cursor, past: reader.past)
              return Start(position: position, counts: counts, looks: !state.isCurrent(cursor))
            }
          } catch is ChangeCursorExpired {
            guard following.isList else { throw RPCError.cursorExpired(pointer: "/cursor") }
            isExpired = true
          }
        }
        let position = Position(cursor: try ChangeCursor(state, timed), past: reader.past)
        return Start(position: position, counts: try state.counts(context.checkTime), isExpired: isExpired)
      }
    }
  }

  private func answer(_ subscription: Int, _ starts: [Start]) -> [UInt8] {
    JSONWriter.object(reserving: 128 + 192 * starts.count) { writer in
      writer.member("subscription", subscription)
      writer.key("inboxes")
      writer.beginArray()
      for (place, start) in zip(following.places, starts) {
        writer.beginObject()
        if let team = place.inbox.team { writer.member("team_id", team.string) }
        writer.member("cursor", start.position.cursor.text)
        writer.counts(start.counts)
        if start.isExpired { writer.member("expired", true) }
        writer.endObject()
      }
      writer.endArray()
      writer.member("count", starts.reduce(0) { $0 + $1.counts.unread })
    }
  }
}

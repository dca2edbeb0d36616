import Inbox
import JSON
import JSONRPC

/// Returns the changes of inboxes, or waits for them.
struct GetChanges: Method {
  static let deed = Deed.look
  static let name: StaticString = "get_changes"
  static let summary =
    "Returns the changes of inboxes since their cursors, and waits for one if there is none."
  static let waitMilliseconds = Parameter(
    "wait_ms", .integer(0...60_000), or: 0,
    "The maximum time to wait for a change if there is none, in milliseconds.")
  static let parameters: [any ParameterDescription] = FollowParameters.parameters + [waitMilliseconds]
  static let result = JSONSchema.object([
    .init("changes", .array(.component("Change"))),
    .init(
      "cursor", .described(.string(), "The cursor for the next call; not with `inboxes`."), optional: true),
    .init(
      "inboxes",
      .described(
        .array(Components.followed([])), "With `inboxes`: each of them, with its cursor for the next call."),
      optional: true),
    .init("more", .described(.boolean, "Whether there are more changes already.")),
  ])
  static let errors: [RPCError.Kind] = [.responseTooLarge, .cursorExpired, .limitReached, .storeUnavailable]
  static let example = Example(
    params: #"{"user_id":"bo","team_id":"blue"}"#,
    result:
      #"{"changes":[],"cursor":"BBi7w3AGEebnAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","#
      + #""more":false}"#)

  private let following: FollowParameters
  private let wait: Duration

  init(_ arguments: Arguments) throws(RPCError) {
    following = try FollowParameters(arguments)
    wait = .milliseconds(try arguments(Self.waitMilliseconds))
  }

  var claims: [Claim] { following.claims }

  var dependencies: [Dependency] { following.dependencies }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    let end = ContinuousClock.now + wait
    var look = try await look(following.places.map(\.cursor), backend, context)
    guard look.isEmpty, wait > .zero, following.places.allSatisfy({ $0.cursor != nil }) else {
      return look.answer
    }
    let waiting = try context.startWaiting()
    let dispatcher = backend.live.dispatcher(of: context.notifier)
    let follower = try dispatcher.add(following.inboxes, .call) { waiting.wake() }
    defer { dispatcher.end(follower.id) }
    context.progress(done: 0, total: 1)
    while look.isEmpty, !waiting.hasEnded, ContinuousClock.now < end {
      // What changed since the look wakes the call, too.
      dispatcher.start(follower, look.positions.map { ($0, InboxState.Counts(), true) })
      try await waiting.sleep(until: end)
      look = try await self.look(look.positions.map(\.cursor), backend, context)
    }
    return look.answer
  }

  /// The answer of one look at the inboxes.
  private struct Look: Sendable {
    var answer: [UInt8]
    /// Whether there is nothing to report.
    var isEmpty: Bool
    /// How far each inbox was followed.
    var positions: [Position]
  }

  /// Reads the changes since the cursors, or the present state. The answer is written while the changes are
  /// read: many changes in memory at once would take more memory than their answers may.
  private func look(
    _ cursors: [ChangeCursor?], _ backend: Backend, _ context: CallContext
  ) async throws -> Look {
    let limit = backend.limits.answerBytes
    do {
      return try await context.answer {
        try await backend.store.read(before: context.deadline) { [following] reader in
          let timed = TimedReader(reader, context.checkTime)
          var answer = ChangesAnswer(
            zip(following.places, try timed.states(of: following.inboxes)).enumerated().map { index, pair in
              ChangesAnswer.Part(state: pair.1, cursor: cursors[index], isExpired: pair.0.isExpired)
            }, isList: following.isList, limit: limit, context)
          let text = try answer.write(timed, check: context.checkTime)
          return Look(
            answer: text, isEmpty: answer.isEmpty,
            positions: answer.parts.map { Position(cursor: $0.end!, past: reader.past) })
        }
      }
    } catch is ChangeCursorExpired {
      throw RPCError.cursorExpired(pointer: "/cursor")
    }
  }
}

import Inbox
import JSON
import JSONRPC

/// Returns the changes of an inbox, or waits for them.
struct GetChanges: Method {
  static let deed = Deed.look
  static let name: StaticString = "get_changes"
  static let summary =
    "Returns the changes of an inbox since a cursor, and waits for one if there is none."
  static let cursor = Parameter(
    "cursor", .opaque("a cursor of this inbox's changes"),
    "The cursor of the last answer; without it, the answer has no changes and the cursor of the present."
  ).optional
  static let waitMilliseconds = Parameter(
    "wait_ms", .integer(0...60_000), or: 0,
    "The maximum time to wait for a change if there is none, in milliseconds.")
  static let parameters: [any ParameterDescription] = [
    Common.userID, Common.teamID.optional, cursor, waitMilliseconds,
  ]
  static let result = JSONSchema.object([
    .init("changes", .array(.component("Change"))),
    .init("cursor", .described(.string(), "The cursor for the next call.")),
    .init("more", .described(.boolean, "Whether there are more changes already.")),
  ])
  static let errors: [RPCError.Kind] = [.cursorExpired, .limitReached, .storeUnavailable]
  static let example = Example(
    params: #"{"user_id":"bo","team_id":"blue"}"#,
    result:
      #"{"changes":[],"cursor":"BBi7w3AGEebnAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","#
      + #""more":false}"#)

  /// The largest number of new messages in one answer.
  private static let changesPerAnswer = 100

  private let inbox: Inbox
  private let cursor: ChangeCursor?
  private let wait: Duration

  init(_ arguments: Arguments) throws(RPCError) {
    inbox = try arguments.inbox()
    let text = try arguments(Self.cursor)
    cursor = text.flatMap(ChangeCursor.init(text:))
    if let text, cursor == nil, ChangeCursor.isOfAnotherFormat(text) {
      throw .cursorExpired(pointer: "/cursor")
    }
    if text != nil, cursor?.belongs(to: inbox) != true {
      throw .invalidParams(pointer: "/cursor", message: "cursor must be a cursor of this inbox's changes")
    }
    wait = .milliseconds(try arguments(Self.waitMilliseconds))
  }

  var claims: [Claim] { .inbox(inbox) }

  var dependencies: [Dependency] { .reading(inbox) }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    let end = ContinuousClock.now + wait
    var look = try await look(backend, context)
    if look.isEmpty, cursor != nil, wait > .zero {
      let waiting = try context.startWaiting()
      context.progress(done: 0, total: 1)
      while look.isEmpty, !waiting.hasEnded, ContinuousClock.now < end {
        // The more calls wait, the less often each of them looks, so that together they stay a small load.
        let pause = Duration.milliseconds(50) + .microseconds(200 * context.status.waiting)
        try await waiting.sleep(until: min(end, ContinuousClock.now + pause))
        look = try await self.look(backend, context)
      }
    }
    return look.answer
  }

  /// The answer of one look at the inbox, and whether there is nothing to report.
  private struct Look: Sendable {
    var answer: [UInt8]
    var isEmpty: Bool
  }

  /// Reads the changes since the cursor, or the present state. The answer is written while the changes are
  /// read: many changes in memory at once would take more memory than their answers may.
  private func look(_ backend: Backend, _ context: CallContext) async throws -> Look {
    let limit = backend.limits.answerBytes
    do {
      return try await context.answer {
        try await backend.store.read(before: context.deadline) { [inbox, cursor] reader in
          try context.checkTime()
          let state = try reader.state(of: inbox)
          let changes =
            try cursor.map {
              try state.changes(since: $0, limit: Self.changesPerAnswer, reader, check: context.checkTime)
            } ?? .none(state, reader)
          let answer = try changes.encoded(inbox, limit: limit, context)
          return Look(answer: answer, isEmpty: changes.changes.isEmpty)
        }
      }
    } catch is ChangeCursorExpired {
      throw RPCError.cursorExpired(pointer: "/cursor")
    }
  }
}

import Caches
import Inbox
import JSON
import JSONRPC

/// Returns the state of the program.
struct GetStatus: Method {
  static let deed = Deed.service
  static let name: StaticString = "get_status"
  static let summary =
    "Returns the program's status: its store, its limits, its host's scope, and its statistics."
  static let parameters: [any ParameterDescription] = []
  static let result = JSONSchema.object([
    .init("version", .string()),
    .init(
      "store", .object([.init("kind", .string()), .init("state", .enumeration(["ready", "unavailable"]))])),
    .init("limits", .map(.integer(0))),
    .init(
      "scope",
      .object([
        .init("user_id", .string(minLength: 1, maxLength: 128), optional: true),
        .init("username", .string(maxLength: 1024), optional: true),
        .init("team_ids", .array(.string(minLength: 1, maxLength: 128), minItems: 1), optional: true),
        .init("read_only", .boolean),
      ])),
    .init(
      "cache",
      .object([
        .init("bytes", .integer(0)), .init("max_bytes", .integer(0)), .init("entries", .integer(0)),
        .init("hits", .integer(0)), .init("misses", .integer(0)),
      ])),
    .init("in_flight", .integer(0)),
    .init("subscriptions", .described(.integer(0), "The subscriptions of this connection.")),
    .init(
      "inboxes",
      .described(.integer(0), "The inboxes that they follow, and calls that wait, each for every one.")),
    .init("uptime_ms", .integer(0)),
    .init(
      "methods",
      .map(
        .object([
          .init("requests", .integer(0)), .init("errors", .integer(0)),
          .init("p50_ms", .number), .init("p99_ms", .number),
        ]))),
  ])
  static let errors: [RPCError.Kind] = []
  static let example = Example(
    params: "{}",
    result: #"{"version":"0.1.0","store":{"kind":"sqlite","state":"ready"},"limits":{"in_flight":256},"#
      + #""scope":{"read_only":false},"cache":{"bytes":0,"max_bytes":16777216,"entries":0,"hits":0,"misses":0},"in_flight":1,"subscriptions":0,"inboxes":0,"uptime_ms":15,"methods":{"ping":{"requests":1,"errors":0,"p50_ms":0.02,"p99_ms":0.02}}}"#
  )

  init(_ arguments: Arguments) throws(RPCError) {}

  var claims: [Claim] { [] }

  var dependencies: [Dependency] { [] }

  func run(_ backend: Backend, _ context: CallContext) async throws -> [UInt8] {
    let state = await backend.store.isAvailable ? "ready" : "unavailable"
    let status = context.status
    return JSONWriter.object(reserving: 2048) { writer in
      writer.member("version", tidingsVersion)
      writer.key("store")
      writer.beginObject()
      writer.member("kind", backend.store.kind)
      writer.member("state", state)
      writer.endObject()
      writer.key("limits")
      writer.limits(status.limits, backend.live.limits)
      writer.key("scope")
      writer.scope(backend.scope)
      writer.key("cache")
      writer.cache(backend.written.statistics)
      writer.member("in_flight", status.inFlight)
      let following = backend.live.counts(of: context.notifier)
      writer.member("subscriptions", following.subscriptions)
      writer.member("inboxes", following.inboxes)
      writer.member("uptime_ms", status.uptimeMilliseconds)
      writer.key("methods")
      writer.beginObject()
      for method in status.methods {
        writer.key(method.name)
        writer.beginObject()
        writer.member("requests", Int64(method.requests))
        writer.member("errors", Int64(method.errors))
        writer.member("p50_ms", method.p50Microseconds.rounded() / 1000)
        writer.member("p99_ms", method.p99Microseconds.rounded() / 1000)
        writer.endObject()
      }
      writer.endObject()
    }
  }
}

extension JSONWriter {
  fileprivate mutating func limits(_ limits: Limits, _ following: FollowingLimits) {
    beginObject()
    member("request_bytes", limits.requestBytes)
    member("answer_bytes", limits.answerBytes)
    member("in_flight", limits.inFlight)
    member("output_bytes", limits.outputBytes)
    member("batch_items", limits.batchItems)
    member("depth", limits.depth)
    member("waiting", limits.waiting)
    member("subscriptions", following.subscriptions)
    member("inboxes", following.inboxes)
    endObject()
  }
}

extension JSONWriter {
  fileprivate mutating func cache(_ cache: WrittenMessages.Statistics) {
    beginObject()
    member("bytes", cache.bytes)
    member("max_bytes", cache.capacity)
    member("entries", cache.entries)
    member("hits", cache.hits)
    member("misses", cache.misses)
    endObject()
  }

  fileprivate mutating func scope(_ scope: Scope) {
    beginObject()
    if let user = scope.user { member("user_id", user.string) }
    if let username = scope.username { member("username", username.string) }
    if !scope.teams.isEmpty {
      key("team_ids")
      beginArray()
      for team in scope.teams.sorted() { string(team.string) }
      endArray()
    }
    member("read_only", scope.isReadOnly)
    endObject()
  }
}

extension MessageStore {
  /// Whether the store answers a read.
  fileprivate var isAvailable: Bool {
    get async {
      do {
        try await read { _ in }
        return true
      } catch {
        return false
      }
    }
  }
}

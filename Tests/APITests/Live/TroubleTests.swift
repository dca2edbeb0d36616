import Inbox
import JSONRPC
import Locks
import Logging
import Testing

@testable import API

/// Looks that fail: whom they hold up, who is told, and what is logged.
@Suite(.timeLimit(.minutes(10)))
struct TroubleTests {
  private static let team = LogName.team("t")
  private static let draft = Draft(body: MessageBody(type: "note", sender: "ann", content: "hello"))

  private struct Subscribed: Decodable {
    struct Inbox: Decodable { var cursor: String }
    var inboxes: [Inbox]
  }

  @Test func whatAnErrorSays() {
    struct Other: Error {}
    func isAway(_ error: any Error) -> Bool { if case .away = Trouble.Reason(error) { true } else { false } }
    func isData(_ error: any Error) -> Bool { if case .data = Trouble.Reason(error) { true } else { false } }
    #expect(isAway(StoreError.unavailable("x")) && isAway(CancellationError()))
    #expect(isData(StoreError.damaged("x")) && isData(RPCError.internal()))
    #expect(!isAway(Other()) && !isData(Other()))
    #expect(Trouble.text(Other()) == "Other" && Trouble.text(StoreError.unavailable("x")) == "x")
  }

  @Test func whatLastsIsReportedOnceAndItsEndToo() {
    let start = ContinuousClock.now
    var trouble = Trouble()
    func failed(_ seconds: Double) -> Trouble.Consequence {
      trouble.failed(start, now: start + .seconds(seconds))
    }
    let told = [failed(0), failed(0.5), failed(1), failed(1.5)]
    #expect(told.map(\.lasts) == [false, false, true, true])
    #expect(told.map(\.isNews) == [false, false, true, false])
    #expect(
      told.map(\.pause) == [.milliseconds(50), .milliseconds(100), .milliseconds(200), .milliseconds(400)])
    for _ in 0..<10 { #expect(failed(2).pause <= Trouble.longestPause) }
    let ended = [trouble.ended(), trouble.ended()]
    #expect(ended == [true, false])
    // One read that took long to fail is enough.
    let slow = trouble.failed(start, now: start + .seconds(5))
    #expect(slow == Trouble.Consequence(pause: Trouble.firstPause, lasts: true, isNews: true))
    let faults = [0, 1, 599, 600, 700].map { trouble.found(faultAt: start + .seconds($0)) }
    #expect(faults == [true, false, false, true, false])
  }

  /// An error that nobody knows concerns one inbox: the others go on, and who waits for that one is told.
  @Test func anUnknownErrorHoldsUpNobodyElse() async throws {
    let (store, log) = (CountingStore(), Log())
    let host = try PipeHost(TidingsService(store: store), logger: Logger(label: "test") { _ in log })
    var cursor = ""
    for user in ["u1", "u2", "u3", "u4", "u5"] {
      let answer = try await host.call(
        "subscribe", #"{"user_id":"\#(user)","team_id":"t"}"#, as: Subscribed.self)
      if user == "u3" { cursor = answer.inboxes[0].cursor }
    }
    let wait = host.send(
      "get_changes", #"{"user_id":"u3","team_id":"t","cursor":"\#(cursor)","wait_ms":60000}"#)
    try await until { host.server.status.waiting == 1 && host.service.isQuiet }
    store.reads.withLock { $0.strange = Inbox(user: "u3", team: "t") }
    _ = try await store.append(Self.draft, to: [Self.team])
    try await until { host.events.count == 4 }
    #expect(Set(host.events.map(\.subscription)) == [1, 2, 4, 5])
    #expect(try await host.answer(wait) == "internal")
    try await until { log.has("warning: a followed inbox can't be read why=Strange") }
    store.reads.withLock { $0.strange = nil }
    try await until { host.events.count == 5 }
    #expect(log.count("a followed inbox can't be read") == 1)
    host.closeInput()
  }

  /// While the store is away subscriptions wait for it; a call that waits is told so.
  @Test func anOutageThatLastsIsToldToWhoWaits() async throws {
    let (store, log) = (CountingStore(), Log())
    let host = try PipeHost(TidingsService(store: store), logger: Logger(label: "test") { _ in log })
    let answer = try await host.call("subscribe", #"{"user_id":"bo","team_id":"t"}"#, as: Subscribed.self)
    let waits = (0..<3).map { _ in
      host.send(
        "get_changes",
        #"{"user_id":"bo","team_id":"t","cursor":"\#(answer.inboxes[0].cursor)","wait_ms":60000}"#)
    }
    try await until { host.server.status.waiting == 3 && host.service.isQuiet }
    store.reads.withLock { $0.failing = .max }
    _ = try await store.append(Self.draft, to: [Self.team])
    for wait in waits { #expect(try await host.answer(wait) == "store_unavailable") }
    #expect(host.events.isEmpty)
    store.reads.withLock { $0.failing = 0 }
    try await until { host.events.count == 1 }
    try await until { log.has("notice: followed inboxes can be read again") }
    #expect(log.count("followed inboxes can't be read now: this is tried again why=for a test") == 1)
    host.closeInput()
  }
}

/// A log handler that keeps the lines.
private final class Log: LogHandler {
  private let lines = Locked<[String]>([])

  /// Whether there is a line.
  func has(_ line: String) -> Bool { lines.withLock { $0.contains(line) } }

  /// The number of lines with this part.
  func count(_ part: String) -> Int { lines.withLock { $0.count { $0.contains(part) } } }

  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .info }
    set {}
  }
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
    lines.withLock { $0.append("\(event.level): \(event.message)\(pairs.joined())") }
  }
}

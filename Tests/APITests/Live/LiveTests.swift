import Inbox
import JSONRPC
import MemoryStore
import Testing

@testable import API

/// Subscriptions and waiting calls, on a server over pipes.
@Suite(.timeLimit(.minutes(10)))
struct LiveTests {
  private static let team = LogName.team("t")
  private static let draft = Draft(body: MessageBody(type: "note", sender: "ann", content: "hello"))

  private func host(_ store: CountingStore, limits: Limits = Limits(), reads: Bool = true) throws -> PipeHost
  {
    try PipeHost(TidingsService(store: store, limits: limits), limits: limits, reads: reads)
  }

  private struct Subscribed: Decodable {
    struct Inbox: Decodable {
      var team_id: String?, cursor: String, total: Int, count: Int, unseen: Int, expired: Bool?
    }
    var subscription: Int
    var inboxes: [Inbox]
    var count: Int
  }

  /// One read of the log and one of the marks for all who follow it.
  @Test func aSendToAThousandSubscribersIsOneRead() async throws {
    let store = CountingStore()
    let host = try host(store)
    let ids = (0..<1_000).map { host.send("subscribe", #"{"user_id":"u\#($0)","team_id":"t"}"#) }
    for id in ids { _ = try await host.answer(id) }
    try await host.quiet()
    store.reads.withLock { $0 = CountingStore.Reads() }
    _ = try await store.append(Self.draft, to: [Self.team])
    try await until { host.events.count == 1_000 }
    try await host.quiet()
    let reads = store.reads.withLock { $0 }
    #expect(reads.reads == 1 && reads.states == [1_000])
    #expect(reads.messages == [Self.team] && reads.tokens == 0)
    #expect(Set(host.events.map(\.subscription)).count == 1_000)
    #expect(
      host.events.allSatisfy { $0.event == "created" && $0.total == 1 && $0.count == 1 && $0.unseen == 1 })
    host.closeInput()
  }

  @Test func wakesForEverythingAreFewReads() async throws {
    let store = CountingStore()
    let host = try host(store)
    _ = try await host.call("subscribe", #"{"user_id":"bo","inboxes":[{"team_id":"t"},{}]}"#)
    store.reads.withLock { $0 = CountingStore.Reads() }
    for _ in 0..<10_000 { store.wake(.everything) }
    try await host.quiet()
    let reads = store.reads.withLock { $0 }
    #expect(reads.reads > 0 && reads.reads < 1_000 && reads.messages == [] && host.events == [])
    host.closeInput()
  }

  @Test func nothingIsMissedWhileTheStoreIsAway() async throws {
    let store = CountingStore()
    let host = try host(store)
    _ = try await host.call("subscribe", #"{"user_id":"bo","team_id":"t"}"#)
    store.reads.withLock { $0.failing = 3 }
    for _ in 0..<5 { _ = try await store.append(Self.draft, to: [Self.team]) }
    try await until { host.events.count == 5 }
    #expect(store.reads.withLock(\.failed) == 3)
    #expect(host.events.map(\.total) == [1, 2, 3, 4, 5])
    host.closeInput()
  }

  @Test func damageHoldsUpNobodyElse() async throws {
    let store = CountingStore()
    let host = try host(store)
    for user in ["u1", "u2", "u3", "u4", "u5"] {
      _ = try await host.call("subscribe", #"{"user_id":"\#(user)","team_id":"t"}"#)
    }
    store.reads.withLock { $0.damaged = Inbox(user: "u3", team: "t") }
    _ = try await store.append(Self.draft, to: [Self.team])
    try await until { host.events.count == 4 }
    #expect(Set(host.events.map(\.subscription)) == [1, 2, 4, 5])
    store.reads.withLock { $0.damaged = nil }
    try await until { host.events.count == 5 }
    host.closeInput()
  }

  @Test func nothingIsLeftOfSubscriptionsAndWaits() async throws {
    let store = CountingStore()
    let host = try host(store)
    let first = try await host.call(
      "subscribe", #"{"user_id":"bo","inboxes":[{"team_id":"t"},{}]}"#, as: Subscribed.self)
    #expect(store.watching == 1 && first.subscription == 1)
    let cursor = first.inboxes[0].cursor
    let wait = host.send(
      "get_changes", #"{"user_id":"bo","team_id":"t","cursor":"\#(cursor)","wait_ms":60000}"#)
    struct Status: Decodable { var subscriptions: Int, inboxes: Int }
    var status = try await host.call("get_status", "{}", as: Status.self)
    while status.inboxes < 3 { status = try await host.call("get_status", "{}", as: Status.self) }
    #expect(status.subscriptions == 1 && status.inboxes == 3 && store.watching == 1)
    host.send(line: #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":\#(wait)}}"#)
    #expect(try await host.answer(wait) == "cancelled")
    #expect(try await host.call("unsubscribe", #"{"subscription":1}"#) == #"{"unsubscribed":true}"#)
    try await until { store.watching == 0 }
    status = try await host.call("get_status", "{}", as: Status.self)
    #expect(status.subscriptions == 0 && status.inboxes == 0)
    // A call whose time is over, and one that fails.
    let late = host.send(
      "get_changes",
      #"{"user_id":"bo","team_id":"t","cursor":"\#(cursor)","wait_ms":60000,"_meta":{"timeout_ms":50}}"#)
    #expect(try await host.answer(late) == "deadline_exceeded")
    store.reads.withLock { $0.failing = 1 }
    #expect(try await host.call("subscribe", #"{"user_id":"bo"}"#) == "store_unavailable")
    try await until { store.watching == 0 }
    host.closeInput()
    try await host.ended()
  }

  @Test func theEndOfInputEndsSubscriptionsAndWaits() async throws {
    let store = CountingStore()
    let host = try host(store)
    let subscribed = try await host.call(
      "subscribe", #"{"user_id":"bo","inboxes":[{"team_id":"t"},{}]}"#, as: Subscribed.self)
    let waits = (0..<100).map { _ in
      host.send(
        "get_changes", #"{"user_id":"bo","cursor":"\#(subscribed.inboxes[1].cursor)","wait_ms":60000}"#)
    }
    host.closeInput()
    for wait in waits { #expect(try await host.answer(wait).contains(#""changes":[]"#)) }
    try await host.ended()
    #expect(store.watching == 0)
    _ = try await store.append(Self.draft, to: [Self.team])
  }

  @Test func waitingCallsAreWokenByWhatConcernsThem() async throws {
    let store = CountingStore()
    let host = try host(store)
    let cursors = try await host.call(
      "subscribe", #"{"user_id":"bo","inboxes":[{"team_id":"t"},{}]}"#, as: Subscribed.self)
    _ = try await host.call("unsubscribe", #"{"subscription":1}"#)
    let params =
      #"{"user_id":"bo","wait_ms":60000,"inboxes":[{"team_id":"t","cursor":"\#(cursors.inboxes[0].cursor)"},{"cursor":"\#(cursors.inboxes[1].cursor)"}]}"#
    let waits = (0..<200).map { _ in host.send("get_changes", params) }
    try await until { host.server.status.waiting == 200 }
    try await until { host.service.isQuiet }
    store.reads.withLock { $0 = CountingStore.Reads() }
    _ = try await store.append(Self.draft, to: [.team("u"), .account("cy")])
    for _ in 0..<100 { store.wake(.everything) }
    try await host.quiet()
    #expect(host.server.status.waiting == 200)
    _ = try await store.append(Self.draft, to: [.account("bo")])
    for wait in waits { #expect(try await host.answer(wait).contains(#""created""#)) }
    #expect(host.server.status.waiting == 0)
    host.closeInput()
  }

  @Test func eventsComeBehindTheAnswerOfTheBatch() async throws {
    let store = CountingStore()
    let host = try host(store)
    let first = try await host.call("subscribe", #"{"user_id":"bo","team_id":"t"}"#, as: Subscribed.self)
    for _ in 0..<3 { _ = try await store.append(Self.draft, to: [Self.team]) }
    let cursor = first.inboxes[0].cursor
    host.send(line: #"[{"jsonrpc":"2.0","id":91,"method":"unsubscribe","params":{"subscription":1}}]"#)
    _ = try await host.answer(91)
    let before = host.events.count
    host.send(
      line:
        #"[{"jsonrpc":"2.0","id":92,"method":"subscribe","params":{"user_id":"bo","team_id":"t","cursor":"\#(cursor)"}},"#
        + #"{"jsonrpc":"2.0","id":93,"method":"get_changes","params":{"user_id":"bo","team_id":"t","cursor":"\#(cursor)"}},"#
        + #"{"jsonrpc":"2.0","id":94,"method":"ping"}]"#)
    try await until { host.events.count == before + 3 }
    let order = host.order
    let batch = try #require(order.firstIndex(of: "94"))
    #expect(order[..<batch].contains("event 2") == false)
    #expect(host.events.suffix(3).map(\.total) == [1, 2, 3])
    host.closeInput()
  }

  /// A follower that is stopped by its host loses nothing, unless what was removed is no longer known.
  @Test func aHostThatDoesNotReadCostsNoMemoryAndMissesNothing() async throws {
    let store = CountingStore()
    let host = try host(store, reads: false)
    host.send("subscribe", #"{"user_id":"bo","team_id":"t"}"#)
    host.send("subscribe", #"{"user_id":"cy","team_id":"u"}"#)
    let large = Draft(
      body: MessageBody(type: "note", sender: "ann", content: String(repeating: "x", count: 4_000)))
    try await until { host.server.status.methods.first { $0.name == "subscribe" }?.requests == 2 }
    for _ in 0..<2_000 { _ = try await store.append(large, to: [Self.team]) }
    // A sender's retractions, of which more are forgotten than were told.
    for _ in 0..<1_500 { _ = try await store.append(Self.draft, to: [.team("u")]) }
    for seq in 1...1_200 { _ = try await store.retract(MessageName(log: .team("u"), seq: seq)) }
    // Both are stopped where there is no more room: some 2 MB of 8.
    #expect(host.server.status.outputBytes < 3 << 20)
    host.startReading()
    try await until { host.events.count { $0.subscription == 1 } == 2_000 }
    let first = host.events.filter { $0.subscription == 1 }
    #expect(first.map(\.total) == Array(1...2_000))
    try await host.quiet()
    let second = host.events.filter { $0.subscription == 2 }
    #expect(second.last?.total == 300)
    var (page, removed) = (Set<String>(), Set<String>())
    for event in second {
      switch event.event {
      case "created": #expect(page.insert(event.message!.nid).inserted)
      case "removed":
        // Also of one that was not told: a page that was read meanwhile might show it.
        page.remove(event.nid!)
        #expect(removed.insert(event.nid!).inserted)
      case "lagged": page = Set((1_201...1_500).map { MessageName(log: .team("u"), seq: $0).nid })
      default: Issue.record("an event \(event.event)")
      }
    }
    #expect(page == Set((1_201...1_500).map { MessageName(log: .team("u"), seq: $0).nid }))
    host.closeInput()
  }
}

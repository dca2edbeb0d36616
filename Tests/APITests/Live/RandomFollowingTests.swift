import Inbox
import JSON
import MemoryStore
import Seeds
import Testing

@testable import API

/// A page that is built from the events alone is the page that is read, whatever happens.
@Suite(.timeLimit(.minutes(10)))
struct RandomFollowingTests {
  static let seeds = (0..<6).map { _ in UInt64.random(in: 0...UInt64.max) }

  /// The knowledge of a host: messages by nid, with their marks, and the counts.
  struct Page: Equatable {
    var messages: [String: PipeHost.InboxEvent.Message] = [:]
    var total = 0
    var count = 0
    var unseen = 0

    init() {}

    init(_ state: InboxState, _ reader: any StoreReader) throws {
      let entries = try PageQuery(inbox: state.inbox, view: .all, size: 100_000).page(reader).entries
      for entry in entries {
        let nid = MessageName(log: state.inbox.log(entry.side), seq: entry.message.seq).nid
        messages[nid] = .init(nid: nid, read: entry.read, seen: entry.seen, archived: entry.archived)
      }
      (total, count, unseen) = (state.counts.total, state.counts.unread, state.counts.unseen)
    }

    /// Takes an event; true if the page has to be read anew.
    mutating func take(_ event: PipeHost.InboxEvent) -> Bool {
      (total, count, unseen) = (event.total, event.count, event.unseen)
      switch event.event {
      case "created": messages[event.message!.nid] = event.message!
      case "removed": messages[event.nid!] = nil
      default: return true
      }
      return false
    }
  }

  @Test(arguments: seeds) func aPageOfEventsIsThePageThatIsRead(_ seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let store = CountingStore()
    let host = try PipeHost(TidingsService(store: store))
    let inboxes = ["u0", "u1"].flatMap { [Inbox(user: Text($0), team: "t"), Inbox(user: Text($0))] }
    for inbox in inboxes {
      let team = inbox.team.map { #","team_id":"\#($0)""# } ?? ""
      for detail in ["messages", "counts"] {
        _ = try await host.call("subscribe", #"{"user_id":"\#(inbox.user)"\#(team),"detail":"\#(detail)"}"#)
      }
    }
    var pages = [Page](repeating: Page(), count: 2 * inboxes.count)
    var taken = 0
    var sent: [MessageName] = []
    for step in 0..<400 {
      let inbox = inboxes.randomElement(using: &random)!
      switch Int.random(in: 0..<12, using: &random) {
      case 0..<5:
        let log = inbox.log(Bool.random(using: &random) ? .shared : .own)
        let sender = ["u0", "u1", "u2"].randomElement(using: &random)!
        let seq = try await store.append(
          Draft(body: MessageBody(type: "a", sender: Text(sender))), to: [log])[0].seq
        sent.append(MessageName(log: log, seq: seq))
      case 5, 6: if let name = sent.randomElement(using: &random) { _ = try await store.retract(name) }
      case 7:
        let from = ["now", "start"].randomElement(using: &random)!
        let leaves = Bool.random(using: &random) && inbox.team != nil
        let method = inbox.team == nil ? "join_account" : leaves ? "leave_team" : "join_team"
        let team = inbox.team.map { #","team_id":"\#($0)""# } ?? ""
        let start = leaves ? "" : #","from":"\#(from)""#
        _ = try await host.call(method, #"{"user_id":"\#(inbox.user)"\#(team)\#(start)}"#)
      case 8, 9, 10:
        let methods = [
          "mark_read", "mark_unread", "mark_seen", "archive_message", "unarchive_message", "delete_message",
        ]
        let method = methods.randomElement(using: &random)!
        let team = inbox.team.map { #","team_id":"\#($0)""# } ?? ""
        let state = try await store.read { try $0.state(of: inbox) }
        let living = Inbox.Side.allCases.flatMap { side in
          state.living(side).numbers.map { MessageName(log: inbox.log(side), seq: $0) }
        }
        if let name = living.randomElement(using: &random) {
          _ = try await host.call(method, #"{"user_id":"\#(inbox.user)"\#(team),"nids":["\#(name.nid)"]}"#)
        }
      default: store.wake(.everything)
      }
      // A host that takes its events whenever it likes, and reads anew where it is told to.
      if step % 20 == 19 || Int.random(in: 0..<10, using: &random) == 0 {
        try await take(&pages, &taken, host, store, inboxes)
      }
    }
    try await host.quiet()
    try await take(&pages, &taken, host, store, inboxes)
    for (index, inbox) in inboxes.enumerated() {
      let fresh = try await store.read { try Page($0.state(of: inbox), $0) }
      #expect(pages[2 * index] == fresh)
      let counts = pages[2 * index + 1]
      #expect([counts.total, counts.count, counts.unseen] == [fresh.total, fresh.count, fresh.unseen])
    }
    host.closeInput()
    try await host.ended()
    #expect(store.watching == 0)
  }

  private func take(
    _ pages: inout [Page], _ taken: inout Int, _ host: PipeHost, _ store: CountingStore, _ inboxes: [Inbox]
  ) async throws {
    let events = host.events
    for event in events[taken...] {
      let number = event.subscription - 1
      guard pages[number].take(event), number.isMultiple(of: 2) else { continue }
      let inbox = inboxes[number / 2]
      let (total, count, unseen) = (event.total, event.count, event.unseen)
      pages[number] = try await store.read { try Page($0.state(of: inbox), $0) }
      (pages[number].total, pages[number].count, pages[number].unseen) = (total, count, unseen)
    }
    taken = events.count
  }
}

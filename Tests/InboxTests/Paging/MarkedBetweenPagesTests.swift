import Inbox
import MemoryStore
import Seeds
import Testing

/// Listings by cursor during which messages are sent and marked between the pages.
@Suite struct MarkedBetweenPagesTests {
  static let seeds = (0..<10).map { _ in UInt64.random(in: 0...UInt64.max) }
  private let inbox = Inbox(user: "u0", team: "blue")

  private func store(_ messages: Int, _ random: inout SeededGenerator) async throws -> MemoryStore {
    let store = MemoryStore()
    for _ in 0..<messages {
      let log = inbox.log([.shared, .shared, .own].randomElement(using: &random)!)
      _ = try await store.append(Draft(body: MessageBody(type: "note")), to: [log])
    }
    return store
  }

  private func mark(_ store: MemoryStore, _ flag: MarkChange.Flag, _ names: [MessageName]) async throws {
    let change = MarkChange(flag, .messages(names))
    _ = try await store.change(marksOf: inbox) { try change.apply(to: &$1, $0) }
  }

  private func names(_ entries: [Entry<Message>]) -> [MessageName] {
    entries.map { MessageName(log: inbox.log($0.side), seq: $0.message.seq) }
  }

  /// Every message, as on one large page.
  private func all(_ store: MemoryStore, _ query: PageQuery) async throws -> [MessageName] {
    var query = query
    query.size = 10_000
    return names(try await store.read { [query] in try query.page($0) }.entries)
  }

  /// Reads the listing page by page; `between` is called with each page that is not the last.
  private func walk(
    _ store: MemoryStore, _ query: PageQuery, _ between: ([MessageName]) async throws -> Void
  ) async throws -> [MessageName] {
    var query = query
    var walked: [MessageName] = []
    while true {
      let page = try await store.read { [query] in try query.page($0) }
      walked += names(page.entries)
      guard let cursor = page.cursor(after: page.entries.count) else { return walked }
      #expect(cursor.text.utf8.count <= 2048)
      #expect(Cursor(text: cursor.text) == cursor)
      query.start = .cursor(cursor)
      try await between(names(page.entries))
    }
  }

  /// The case of a host that marks as read the messages of every page it has shown.
  @Test func aPageIsMarkedBeforeTheNextIsAskedFor() async throws {
    var random = SeededGenerator(seed: 1)
    let store = try await store(30, &random)
    let query = PageQuery(inbox: inbox, order: .unreadFirst, size: 5)
    let listed = try await all(store, query)
    let walked = try await walk(store, query) { try await mark(store, .read, $0) }
    #expect(walked == listed && walked.count == 30)
  }

  @Test(arguments: seeds) func theFirstPageDecides(_ seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let store = try await store(120, &random)
    for _ in 0..<6 {
      var query = PageQuery(inbox: inbox, order: Order.allCases.randomElement(using: &random)!)
      query.view = [.all, .inbox].randomElement(using: &random)!
      query.size = Int.random(in: 1...17, using: &random)
      let listed = try await all(store, query)
      let walked = try await walk(store, query) { _ in
        for _ in 0..<Int.random(in: 0...3, using: &random) {
          let some = Array(listed.shuffled(using: &random).prefix(Int.random(in: 0...40, using: &random)))
          try await mark(store, [.read, .unread, .seen].randomElement(using: &random)!, some)
        }
        guard query.order != .oldest else { return }
        _ = try await store.append(Draft(body: MessageBody(type: "note")), to: [inbox.shared, inbox.own])
      }
      #expect(walked == listed, "seed \(seed) \(query)")
    }
  }

  @Test(arguments: seeds) func nothingIsRepeatedWhateverLeavesAndComesBack(_ seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let store = try await store(80, &random)
    for _ in 0..<6 {
      var query = PageQuery(inbox: inbox, order: .unreadFirst)
      query.view = View.allCases.randomElement(using: &random)!
      query.size = Int.random(in: 1...9, using: &random)
      let before = try await all(store, query)
      let every = try await all(store, PageQuery(inbox: inbox, view: .all))
      var touched: Set<MessageName> = []
      let walked = try await walk(store, query) { _ in
        let some = Array(every.shuffled(using: &random).prefix(Int.random(in: 0...12, using: &random)))
        let flags: [MarkChange.Flag] = [.read, .unread, .archived, .unarchived]
        try await mark(store, flags.randomElement(using: &random)!, some)
        touched.formUnion(some)
      }
      #expect(Set(walked).count == walked.count, "seed \(seed) \(query)")
      // The messages that nobody touched are there, in the order of the first page.
      let kept = before.filter { !touched.contains($0) }
      #expect(walked.filter { !touched.contains($0) } == kept, "seed \(seed) \(query)")
    }
  }

  /// If there are more ranges than a cursor has room for, the oldest unread messages stay at their own
  /// places.
  @Test func veryManyRangesOfUnreadMessages() async throws {
    let store = MemoryStore()
    for _ in 0..<4_000 {
      _ = try await store.append(Draft(body: MessageBody(type: "note")), to: [inbox.shared])
    }
    let odd = stride(from: 1, to: 4_000, by: 2).map { MessageName(log: inbox.shared, seq: $0) }
    try await mark(store, .read, odd)
    let query = PageQuery(inbox: inbox, order: .unreadFirst, size: 200)
    let walked = try await walk(store, query) { try await mark(store, .read, $0) }
    #expect(walked.count == 4_000 && Set(walked).count == 4_000)
    let first = walked.prefix { $0.seq % 2 == 0 }.count
    #expect(first > 700)
    let last = walked.dropFirst(first).map(\.seq)
    #expect(last == last.sorted(by: >))
  }
}

import Inbox
import Locks
import MemoryStore
import Seeds
import Testing

/// Compares listings and marks of random inboxes with the naive inbox, for every view, order and filter.
@Suite struct RandomListingTests {
  static let seeds = (0..<12).map { _ in UInt64.random(in: 0...UInt64.max) }

  @Test(arguments: seeds) func agreesWithTheNaiveInbox(_ seed: UInt64) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    // The clock often stands still and sometimes goes back: ties between the logs are the difficult part.
    let now = Locked<Timestamp>(1_000)
    let store = MemoryStore(clock: { now.withLock { $0 } })
    let inbox = Inbox(user: "u0", team: Bool.random(using: &random) ? "blue" : nil)
    var naive = Naive(inbox: inbox)

    for step in 0..<400 {
      now.withLock { $0 += [0, 0, 0, 1, 2, -3].randomElement(using: &random)! }
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<6:
        let log = inbox.log([.shared, .shared, .own].randomElement(using: &random)!)
        var body = MessageBody(type: ["a", "b", "c"].randomElement(using: &random)!)
        body.sender = ["u0", "u1", nil].randomElement(using: &random)!
        body.receiver = ["u0", "u2", nil].randomElement(using: &random)!
        let receipt = try await store.append(Draft(body: body), to: [log])[0]
        naive.deliver(Message(seq: receipt.seq, time: receipt.time, body: body), to: log)
      case 6..<8:
        try await mark(&naive, store, &random)
      default:
        try await compare(naive, store, &random, seed: seed, step: step)
      }
    }
  }

  private func mark(
    _ naive: inout Naive, _ store: MemoryStore, _ random: inout SeededGenerator
  ) async throws {
    let flags: [MarkChange.Flag] = [.read, .read, .unread, .seen, .archived, .unarchived, .deleted]
    let flag = flags.randomElement(using: &random)!
    let names = naive.copies.map(\.name)
    let target: MarkChange.Target
    let expected: Int
    switch Int.random(in: 0..<6, using: &random) {
    case 0 where flag != .deleted:
      target = .all
      expected = naive.mark(flag) { _, _ in true }
    case 1:
      guard let last = names.indices.randomElement(using: &random) else { return }
      let bound = flag == .deleted ? min(last, 5) : last
      target = .upTo(names[bound])
      expected = naive.mark(flag) { _, index in index <= bound }
    default:
      let chosen = names.shuffled(using: &random).prefix(Int.random(in: 0...4, using: &random))
      target = .messages(Array(chosen))
      expected = naive.mark(flag) { copy, _ in chosen.contains(copy.name) }
    }
    let change = MarkChange(flag, target)
    let changed = try await store.change(marksOf: naive.inbox) { try change.apply(to: &$1, $0) }
    #expect(changed == expected)
  }

  private func compare(
    _ naive: Naive, _ store: MemoryStore, _ random: inout SeededGenerator, seed: UInt64, step: Int
  ) async throws {
    var query = PageQuery(inbox: naive.inbox)
    query.view = View.allCases.randomElement(using: &random)!
    query.order = Order.allCases.randomElement(using: &random)!
    query.size = Int.random(in: 1...9, using: &random)
    query.filter.concerning = Bool.random(using: &random) ? "u0" : nil
    query.filter.types = [[], [], ["a"], ["a", "c"]].randomElement(using: &random)!
    let expected = naive.list(query.view, query.order, query.filter)
    let place = Comment("seed \(seed) step \(step) \(query.view) \(query.order) \(query.filter)")

    var walked: [Message] = []
    for number in 1... {
      let page = try await store.read { [query] in try query.page($0) }
      var numbered = query
      numbered.start = .page(number: number)
      let same = try await store.read { [numbered] in try numbered.page($0) }
      #expect(same.entries == page.entries, place)
      #expect(page.total == expected.count, place)
      #expect(page.count == expected.count { !$0.read }, place)
      for (entry, copy) in zip(page.entries, expected.dropFirst(walked.count)) {
        #expect(entry.read == copy.read && entry.seen == copy.seen, place)
        #expect(entry.archived == copy.archived && entry.side == copy.side, place)
      }
      walked += page.entries.map(\.message)
      let cursor = page.cursor(after: page.entries.count)
      #expect(same.cursor(after: same.entries.count) == cursor, place)
      guard let cursor else { break }
      #expect(Cursor(text: cursor.text) == cursor)
      try #require(!page.entries.isEmpty, place)
      query.start = .cursor(cursor)
    }
    #expect(walked == expected.map(\.message), place)
  }
}

import Caches
import Inbox
import Locks
import Mongo
import MongoSupport
import Testing

@testable import MongoStore

/// The number of commands that reads cost, as the server's profiler counts them.
struct ReadCostTests {
  /// Returns how many commands `body` made that read something of Tidings'.
  private func reads(_ store: MongoStore, _ body: () async throws -> Void) async throws -> Int {
    let before = try await count(store)
    _ = try await store.session { try $0.rawCommand(["profile": 2]) }
    try await body()
    _ = try await store.session { try $0.rawCommand(["profile": 0]) }
    return try await count(store) - before
  }

  private func count(_ store: MongoStore) async throws -> Int {
    // The profiler leaves out the parts of a long command: what it is of stays.
    let reply = try await store.session { session in
      try session.rawCommand([
        "count": "system.profile",
        "query": [
          "op": ["$in": ["command", "query"]], "ns": .string("\(session.database).tidings_messages"),
        ],
      ])
    }
    return Int(try reply.get("n").int64())
  }

  private func page(
    _ store: MongoStore, before number: Int = .max, _ written: WrittenMessages
  ) async throws {
    let last = try await store.read { reader in
      let head = try reader.state(of: bob).shared.head
      let last = min(head, number)
      return try written.messages(in: team, past: reader.past, SequenceSet(last - 11, through: last)) {
        try reader.messages(in: team, $0).map { WrittenMessage(seq: $0.seq, time: $0.time, bytes: []) }
      }.last?.seq
    }
    #expect(last != nil)
  }

  @Test func aPageIsOneCommandAndADeepOneTwo() async throws {
    try await withStores(try await .shared(.replicaSet()), 2) { stores in
      let written = WrittenMessages(capacity: 1 << 20)
      for n in 1...40 { _ = try await stores[1].append(draft("\(n)"), to: [team]) }
      // What the reader sent below the newest messages is asked for once.
      #expect(try await reads(stores[0]) { try await page(stores[0], written) } == 2)
      // None where no other test has written since.
      #expect(try await reads(stores[0]) { try await page(stores[0], written) } <= 1)
      _ = try await stores[1].append(draft("more"), to: [team])
      #expect(try await reads(stores[0]) { try await page(stores[0], written) } == 1)
      #expect((1...2).contains(try await reads(stores[0]) { try await page(stores[0], before: 20, written) }))
      // Messages that were dropped have to be asked for; then the newest come along for a while.
      let other = WrittenMessages(capacity: 0)
      #expect((1...2).contains(try await reads(stores[0]) { try await page(stores[0], other) }))
      for _ in 0..<3 { #expect(try await reads(stores[0]) { try await page(stores[0], other) } == 1) }
    }
  }

  /// Where nothing is written the primary's commit point is all that is asked for, and nothing that is written is missed.
  @Test func nothingIsReadAgainWhereNothingWasWritten() async throws {
    let mongod = try await TestMongod.start(.replicaSet())
    try await withStores(mongod, 2) { stores in
      let written = WrittenMessages(capacity: 1 << 20)
      for n in 1...20 { _ = try await stores[1].append(draft("\(n)"), to: [team]) }
      /// Pages until one needs no read: the server itself writes now and then.
      func rest() async throws {
        for _ in 0..<1000 where try await reads(stores[0], { try await page(stores[0], written) }) == 0 {
          return
        }
        Issue.record("each page reads something")
      }
      for n in 1...3 {
        try await rest()
        let receipt = try await stores[1].append(draft("more"), to: [team])
        #expect(try await stores[0].state().shared.head == receipt[0].seq)
        try await rest()
        _ = try await stores[1].change(marksOf: bob) { reader, state in
          try MarkChange(.seen, .messages([MessageName(log: team, seq: n)])).apply(to: &state, reader)
        }
        #expect(try await stores[0].state().marks.shared.seen == SequenceSet(1, through: n))
        try await rest()
        _ = try await stores[1].retract(MessageName(log: team, seq: n))
        #expect(try await stores[0].state().shared.record.retracted == SequenceSet(1, through: n))
      }
      try await rest()
      try await stores[1].session { try $0.dropDatabase() }
      let state = try await persistently { try await stores[0].state() }
      #expect(state.shared.head == 0)
    }
    await mongod.stop()
  }

  @Test func manyInboxesComeTogether() async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      let inboxes = (0..<1000).map { Inbox(user: "bob", team: Text("team \($0)")) }
      for text in ["x", "y"] {
        _ = try await stores[0].append(draft(text), to: inboxes.prefix(300).map(\.shared))
      }
      let read = { _ = try await stores[0].read { try $0.states(of: inboxes) } }
      // One for the states, and two for what bob sent to 300 logs before the last message; that is remembered.
      #expect(try await reads(stores[0], read) == 3)
      #expect(try await reads(stores[0], read) == 1)
    }
  }

  /// What many followers of one team, or of as many accounts, are told after a change: a view for all of them.
  @Test func manyFollowersAreToldInFewCommands() async throws {
    try await withStores(try await .shared(.replicaSet()), 2) { stores in
      let inboxes = (0..<1000).map { Inbox(user: Text("user \($0)"), team: "t") }
      for n in 1...40 { _ = try await stores[1].append(draft("\(n)"), to: [team]) }
      _ = try await stores[1].change(marksOf: inboxes[7]) { reader, state in
        try MarkChange(.seen, .all).apply(to: &state, reader)
      }
      // Their cursors; the second time nothing else is asked for.
      let begin = {
        try await stores[0].read { reader in
          try reader.states(of: inboxes).map { try ChangeCursor($0, reader) }
        }
      }
      let cursors = Locked<[ChangeCursor]>(try await begin())
      #expect(try await reads(stores[0]) { _ = try await begin() } == 1)
      func look(_ told: Int) async throws {
        let before = cursors.withLock { $0 }
        let changes = try await stores[0].read { reader -> [Changes] in
          let states = try reader.states(of: inboxes)
          var wanted: [LogName: SequenceSet] = [:]
          for (state, cursor) in zip(states, before) {
            wanted.merge(state.wanted(since: cursor, limit: 100)) { $0.union($1) }
          }
          try reader.prefetch(wanted)
          return try zip(states, before).map { state, cursor in
            try state.changes(since: cursor, limit: 100, reader)
          }
        }
        #expect(changes.allSatisfy { $0.changes.count == told })
        cursors.withLock { $0 = changes.map(\.cursor) }
      }
      #expect(try await reads(stores[0]) { try await look(0) } == 1)
      _ = try await stores[1].append(draft("one", sender: "user 3"), to: [team])
      // The states with all marks, and one read of the log.
      #expect(try await reads(stores[0]) { try await look(1) } == 2)
      for n in 1...5 { _ = try await stores[1].append(draft("\(n)", sender: "user 3"), to: [team]) }
      _ = try await stores[1].append(draft("own"), to: inboxes.map(\.own))
      // The states, who sent what lies below the last message, and some messages at first, then many together.
      #expect(try await reads(stores[0]) { try await look(6) } == 8)
    }
  }

  @Test func aChangeOfMarksReadsOnce() async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      for n in 1...5 { _ = try await stores[0].append(draft("\(n)"), to: [team]) }
      let change = {
        try await stores[0].change(marksOf: bob) { reader, state in
          _ = try MarkChange(.seen, .messages([MessageName(log: team, seq: state.shared.head)]))
            .apply(to: &state, reader)
        }
      }
      #expect(try await reads(stores[0], change) == 2)
      _ = try await stores[0].append(draft("more"), to: [team])
      #expect(try await reads(stores[0], change) == 1)
    }
  }
}

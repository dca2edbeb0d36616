import Inbox
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

  private func page(_ store: MongoStore, before number: Int = .max) async throws {
    let last = try await store.read { reader in
      let head = try reader.state(of: bob).shared.head
      let last = min(head, number)
      return try reader.messages(in: team, SequenceSet(last - 11, through: last)).last?.seq
    }
    #expect(last != nil)
  }

  @Test func aPageIsOneCommandAndADeepOneTwo() async throws {
    try await withStores(try await .shared(.replicaSet()), 2) { stores in
      for n in 1...40 { _ = try await stores[1].append(draft("\(n)"), to: [team]) }
      // What the reader sent below the newest messages is asked for once.
      #expect(try await reads(stores[0]) { try await page(stores[0]) } == 2)
      #expect(try await reads(stores[0]) { try await page(stores[0]) } == 1)
      _ = try await stores[1].append(draft("more"), to: [team])
      #expect(try await reads(stores[0]) { try await page(stores[0]) } == 1)
      #expect(try await reads(stores[0]) { try await page(stores[0], before: 20) } == 2)
    }
  }

  @Test func manyInboxesComeTogether() async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      let inboxes = (0..<1000).map { Inbox(user: "bob", team: Text("team \($0)")) }
      _ = try await stores[0].append(draft("x"), to: inboxes.prefix(300).map(\.shared))
      let read = { _ = try await stores[0].read { try $0.states(of: inboxes) } }
      // Two for the states, and two for what bob sent to 300 logs; that is remembered.
      #expect(try await reads(stores[0], read) == 4)
      #expect(try await reads(stores[0], read) == 2)
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

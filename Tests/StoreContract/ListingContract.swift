import Inbox
import Seeds
import Testing

/// The list of everything that a store holds.
struct ListingContract {
  @Test(arguments: StoreUnderTest.allCases)
  func anEmptyStoreListsNothing(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      try await store.read { reader throws in
        #expect(try reader.logs(after: nil, limit: 10).isEmpty)
        #expect(try reader.inboxes(after: nil, limit: 10).isEmpty)
        #expect(try reader.logs([]).isEmpty)
        #expect(try reader.logs([team, .everyone]) == [LogState(), LogState()])
        #expect(try reader.entries(in: team, from: 1, limit: 10).isEmpty)
      }
    }
  }

  /// Names of every kind and length, many of which begin as another one does.
  private static let logs: [LogName] =
    [.everyone]
    + ["t", "tt", "t\u{0}", "ttt", "é", "e\u{301}", "u"].flatMap { name -> [LogName] in
      [
        .team(name), .account(name), .member(team: name, user: "t"), .member(team: "t", user: name),
        .member(team: name, user: Text(String(repeating: "t", count: 128))),
      ]
    }

  @Test(arguments: StoreUnderTest.allCases, [1, 2] as [UInt64])
  func everythingIsListedAsItWasWritten(_ kind: StoreUnderTest, seed: UInt64) async throws {
    try await kind.run { store in
      var random = SeededGenerator(seed: seed)
      var written: [LogName: [LogEntry]] = [:]
      var marked: Set<Inbox> = []
      for n in 0..<120 {
        let log = Self.logs.randomElement(using: &random)!
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
          guard let inbox = Inbox(own: log) else { continue }
          try await store.change(marksOf: inbox) { _, state in state.leave() }
          marked.insert(inbox)
        case 1:
          guard let seq = written[log]?.indices.randomElement(using: &random) else { continue }
          _ = try await store.retract(MessageName(log: log, seq: seq + 1))
          let entry = written[log]![seq]
          written[log]![seq] = LogEntry(
            entry.message, isRetracted: true, key: entry.key, digest: entry.digest)
        default:
          let isKeyed = Bool.random(using: &random)
          let draft = draft(
            "\(n)", sender: Bool.random(using: &random) ? "ann" : nil, receiver: "cid",
            key: isKeyed ? Text("key \(n)") : nil, digest: [UInt8(n), 0, 255])
          let receipt = try await store.append(draft, to: log)
          written[log, default: []].append(
            LogEntry(
              Message(seq: receipt.seq, time: receipt.time, body: draft.body), isRetracted: false,
              key: draft.key, digest: draft.digest))
        }
      }
      for limit in [1, 2, 3, 7, 1000] {
        let logs = try await store.all { try $0.logs(after: $1, limit: limit) }
        #expect(logs == written.keys.sorted())
        let inboxes = try await store.all { try $0.inboxes(after: $1, limit: limit) }
        #expect(inboxes == marked.sorted { $0.own < $1.own })
        for (log, entries) in written {
          #expect(try await store.entries(of: log, limit: limit) == entries)
        }
      }
      let states = try await store.read { [logs = Self.logs] in try $0.logs(logs) }
      for (log, state) in zip(Self.logs, states) {
        #expect(state.head == written[log]?.count ?? 0)
        let retracted = (written[log] ?? []).filter(\.isRetracted).map(\.message.seq)
        #expect(state.record.retracted == SequenceSet(numbers: retracted))
      }
    }
  }

  /// What was there before is listed once, whatever is written meanwhile.
  @Test(arguments: StoreUnderTest.allCases)
  func pagesWhileOthersWrite(_ kind: StoreUnderTest) async throws {
    try await kind.run { store in
      for n in 0..<30 {
        let inbox = Inbox(user: Text("reader \(n * 7)"))
        _ = try await store.append(draft("\(n)"), to: inbox.own)
        try await store.change(marksOf: inbox) { _, state in state.leave() }
      }
      let before = (0..<30).map { Inbox(user: Text("reader \($0 * 7)")) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for n in 0..<60 {
            let inbox = Inbox(user: Text("reader \(n * 5 + 1)"))
            _ = try await store.append(draft("\(n)"), to: inbox.own)
            try await store.change(marksOf: inbox) { _, state in state.leave() }
          }
        }
        group.addTask {
          let logs = try await store.all { try $0.logs(after: $1, limit: 4) }
          #expect(zip(logs, logs.dropFirst()).allSatisfy { $0 < $1 })
          #expect(Set(logs).isSuperset(of: before.map(\.own)))
          let inboxes = try await store.all { try $0.inboxes(after: $1, limit: 4) }
          #expect(zip(inboxes, inboxes.dropFirst()).allSatisfy { $0.own < $1.own })
          #expect(Set(inboxes).isSuperset(of: before))
        }
        try await group.waitForAll()
      }
    }
  }
}

extension MessageStore {
  /// Every page of a list, each read by itself.
  fileprivate func all<Item: Sendable>(
    _ page: @escaping @Sendable (any StoreReader, Item?) throws -> [Item]
  ) async throws -> [Item] {
    var items: [Item] = []
    while true {
      let next = try await read { [last = items.last] in try page($0, last) }
      guard !next.isEmpty else { return items }
      items += next
    }
  }

  fileprivate func entries(of log: LogName, limit: Int) async throws -> [LogEntry] {
    var entries: [LogEntry] = []
    while true {
      let first = (entries.last?.message.seq ?? 0) + 1
      let next = try await read { try $0.entries(in: log, from: first, limit: limit) }
      guard !next.isEmpty else { return entries }
      entries += next
    }
  }
}

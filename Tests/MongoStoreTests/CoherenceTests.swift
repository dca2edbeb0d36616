import Caches
import Inbox
import Mongo
import MongoSupport
import Seeds
import Testing

@testable import MongoStore

/// What hosts remember of a database never shows: each read is what the database holds at that moment, also after an
/// older state of it was restored into the same collections.
struct CoherenceTests {
  /// A process: a store, with the messages that it keeps in written form.
  private struct Host {
    let store: MongoStore
    let written = WrittenMessages(capacity: 1 << 20)

    /// The newest twelve messages up to a number, as pages get them, beside the state.
    func page(_ inbox: Inbox, through last: Int = .max) async throws -> (state: InboxState, page: [String]) {
      try await store.read { [written] reader in
        let state = try reader.state(of: inbox)
        let last = min(last, state.shared.head)
        guard last > 0 else { return (state, []) }
        let numbers = SequenceSet(max(1, last - 11), through: last).subtracting(state.shared.record.retracted)
        let page = try written.messages(in: team, past: reader.past, numbers) { missing in
          try reader.messages(in: team, missing).map {
            WrittenMessage(seq: $0.seq, time: $0.time, bytes: Array(($0.body.content ?? "").utf8))
          }
        }
        return (state, page.map { String(decoding: $0.bytes, as: UTF8.self) })
      }
    }
  }

  /// What the database should hold.
  private struct Model {
    var messages: [(content: String, sender: Text)] = []
    var removed: Set<Int> = []
    var seen: [Text: Set<Int>] = [:]

    func page(through last: Int = .max) -> [String] {
      let last = min(last, messages.count)
      return (max(1, last - 11)..<(last + 1)).filter { !removed.contains($0) }.map {
        messages[$0 - 1].content
      }
    }
  }

  private static let collections = ["tidings_messages", "tidings_logs", "tidings_marks"]
  private static let users: [Text] = ["ann", "bob", "cid"]

  private func dump(_ store: MongoStore) async throws -> [[BSONDocument]] {
    try await store.session { session in
      try Self.collections.map { try session.find($0, filter: [:], limit: 10_000).documents.documents() }
    }
  }

  /// Restores a dump into the collections that there are.
  private func restore(_ dump: [[BSONDocument]], _ store: MongoStore) async throws {
    try await store.session { session in
      for (collection, documents) in zip(Self.collections, dump) {
        for document in try session.find(collection, filter: [:], limit: 10_000).documents.documents() {
          let id = try document.get("_id").value()
          try session.bulk(collection, [.deleteOne(filter: ["_id": id])]).get()
        }
        if !documents.isEmpty { try session.insertMany(collection, documents).get() }
      }
    }
  }

  private func check(_ host: Host, _ user: Text, _ model: Model, through last: Int, _ note: String)
    async throws
  {
    let inbox = Inbox(user: user, team: "t")
    let (state, page) = try await host.page(inbox, through: last)
    #expect(state.shared.head == model.messages.count, "\(note)")
    #expect(page == model.page(through: last), "\(note)")
    #expect(Set(state.shared.record.retracted.numbers) == model.removed, "\(note)")
    let sent = model.messages.indices.filter { model.messages[$0].sender == user }.map { $0 + 1 }
      .filter { $0 > state.marks.shared.folded }
    #expect(Array(state.shared.sent.numbers) == sent, "\(note)")
    let seen = Set(state.marks.shared.seen.numbers).subtracting(model.removed)
    #expect(seen == (model.seen[user] ?? []).subtracting(model.removed), "\(note)")
  }

  @Test(arguments: topologies, [1, 2] as [UInt64])
  func randomWritesAndRestores(_ topology: TestMongod.Topology, seed: UInt64) async throws {
    try await withDatabase(try await .shared(topology), options: "waitQueueTimeoutMS=600000") { uri in
      var random = SeededGenerator(seed: seed)
      let stores = try (0..<2).map { _ in try MongoStore(uri: uri, logger: .quiet) }
      let hosts = stores.map { Host(store: $0) }
      var model = Model()
      var kept: (dump: [[BSONDocument]], model: Model)?
      for step in 0..<300 {
        let note = "seed \(seed), step \(step)"
        let host = hosts.randomElement(using: &random)!
        let user = Self.users.randomElement(using: &random)!
        let seq = Int.random(in: 1...max(1, model.messages.count), using: &random)
        switch Int.random(in: 0..<40, using: &random) {
        case 0..<12:
          _ = try await host.store.append(draft(note, sender: user), to: [team])
          model.messages.append((note, user))
        case 12..<16 where seq <= model.messages.count && !model.removed.contains(seq):
          _ = try await host.store.change(marksOf: Inbox(user: user, team: "t")) { reader, state in
            try MarkChange(.seen, .messages([MessageName(log: team, seq: seq)])).apply(to: &state, reader)
          }
          model.seen[user, default: []].insert(seq)
        case 16 where seq <= model.messages.count:
          _ = try await host.store.retract(MessageName(log: team, seq: seq))
          model.removed.insert(seq)
        case 17: kept = (try await dump(stores[0]), model)
        case 18:
          guard let backup = kept else { break }
          try await restore(backup.dump, stores[0])
          let before = model.messages.count
          model = backup.model
          // A process that starts after the restore may bring the log to where it was, or further.
          let newcomer = try MongoStore(uri: uri, logger: .quiet)
          for n in 0..<Int.random(in: 0...(max(0, before - model.messages.count) + 3), using: &random) {
            _ = try await newcomer.append(draft("\(note), \(n)", sender: user), to: [team])
            model.messages.append(("\(note), \(n)", user))
          }
          try await newcomer.close()
          for host in hosts { try await check(host, user, model, through: .max, note) }
        default:
          let last = Int.random(in: 0..<4, using: &random) == 0 ? seq : .max
          try await check(host, user, model, through: last, note)
        }
      }
      for store in stores { try await store.close() }
    }
  }

  /// The same for each way to read: one inbox, many at once, marks.
  @Test(arguments: topologies) func anotherLogOfTheSameLength(_ topology: TestMongod.Topology) async throws {
    try await withDatabase(try await .shared(topology), options: "waitQueueTimeoutMS=600000") { uri in
      let stores = try (0..<5).map { _ in try MongoStore(uri: uri, logger: .quiet) }
      let inboxes = Self.users.map { Inbox(user: $0, team: "t") }
      for n in 1...5 { _ = try await stores[0].append(draft("\(n)"), to: [team]) }
      let backup = try await dump(stores[0])
      for n in 6...20 { _ = try await stores[0].append(draft("\(n)"), to: [team]) }
      let host = Host(store: stores[0])
      for _ in 0..<3 {
        _ = try await host.page(inboxes[0])
        for store in stores { _ = try await store.read { try $0.states(of: inboxes) } }
      }
      try await restore(backup, stores[0])
      let newcomer = try MongoStore(uri: uri, logger: .quiet)
      for n in 6...20 { _ = try await newcomer.append(draft("new \(n)", sender: "bob"), to: [team]) }
      try await newcomer.close()
      let (state, page) = try await host.page(inboxes[0])
      #expect(page == (9...20).map { "new \($0)" })
      #expect(state.shared.sent == SequenceSet(1, through: 5))
      let states = try await stores[1].read { try $0.states(of: inboxes) }
      #expect(states[0].shared.sent == SequenceSet(1, through: 5))
      #expect(states[1].shared.sent == SequenceSet(6, through: 20))
      let marked = try await stores[2].change(marksOf: inboxes[1]) { _, state in state }
      #expect(marked.shared.sent == SequenceSet(6, through: 20))
      // Many changes of marks become one write.
      try await withThrowingTaskGroup(of: InboxState.self) { group in
        for inbox in inboxes {
          group.addTask { try await stores[3].change(marksOf: inbox) { _, state in state } }
        }
        for try await state in group {
          #expect(state.shared.sent.contains(20) == (state.inbox.user == "bob"))
        }
      }
      for store in stores { try await store.close() }
    }
  }

  /// A host that writes before it reads does not take what it wrote for a proof of what it remembers.
  @Test(arguments: topologies, [3, 15, 20])
  func theHostWritesFirst(_ topology: TestMongod.Topology, count: Int) async throws {
    try await withDatabase(try await .shared(topology), options: "waitQueueTimeoutMS=600000") { uri in
      let (host, other) = (
        Host(store: try MongoStore(uri: uri, logger: .quiet)), try MongoStore(uri: uri, logger: .quiet)
      )
      for n in 1...5 { _ = try await other.append(draft("\(n)"), to: [team]) }
      let backup = try await dump(other)
      for n in 6...20 { _ = try await other.append(draft("\(n)"), to: [team]) }
      for _ in 0..<2 { _ = try await host.page(bob) }
      try await restore(backup, other)
      for n in 1...count { _ = try await host.store.append(draft("new \(n)", sender: "bob"), to: [team]) }
      let (state, page) = try await host.page(bob)
      let all = (1...5).map { "\($0)" } + (1...count).map { "new \($0)" }
      #expect(page == all.suffix(12))
      #expect(state.shared.sent == SequenceSet(6, through: 5 + count))
      for store in [host.store, other] { try await store.close() }
    }
  }

  /// The older state holds all that was known when the logs were first looked at, and not what was read since.
  @Test(arguments: topologies)
  func anotherLogBehindAKnownMessage(_ topology: TestMongod.Topology) async throws {
    try await withDatabase(try await .shared(topology), options: "waitQueueTimeoutMS=600000") { uri in
      let stores = try (0..<3).map { _ in try MongoStore(uri: uri, logger: .quiet) }
      let inboxes = Self.users.map { Inbox(user: $0, team: "t") }
      let hosts = stores.map { Host(store: $0) }
      func read() async throws {
        _ = try await hosts[0].page(inboxes[0])
        _ = try await stores[1].read { try $0.states(of: inboxes) }
      }
      for n in 1...5 { _ = try await stores[2].append(draft("\(n)"), to: [team] + inboxes.map(\.own)) }
      try await read()
      for n in 6...8 { _ = try await stores[2].append(draft("\(n)"), to: [team]) }
      let backup = try await dump(stores[2])
      for n in 9...20 { _ = try await stores[2].append(draft("\(n)"), to: [team]) }
      try await read()
      try await restore(backup, stores[2])
      let newcomer = try MongoStore(uri: uri, logger: .quiet)
      for n in 9...25 { _ = try await newcomer.append(draft("new \(n)", sender: "bob"), to: [team]) }
      try await newcomer.close()
      let (state, page) = try await hosts[0].page(inboxes[0], through: 20)
      #expect(page == (9...20).map { "new \($0)" })
      #expect(state.shared.sent == SequenceSet(1, through: 8))
      let states = try await stores[1].read { try $0.states(of: inboxes) }
      #expect(states[0].shared.sent == SequenceSet(1, through: 8))
      #expect(states[1].shared.sent == SequenceSet(9, through: 25))
      for store in stores { try await store.close() }
    }
  }
}

import Inbox
import Mongo
import MongoSupport
import Testing

@testable import MongoStore

/// Each field of each document at each extreme: the result is an error or an answer, never the end of the
/// process, and an error only for the inbox to which the document belongs.
struct MutationTests {
  private static let numbers: [BSONValue] = [
    .int64(.min), .int64(-1), .int64(0), .int64(1 << 53), .int64((1 << 53) + 1), .int64(1 << 62),
    .int64(.max - 1), .int64(.max), .int32(.min), .double(.nan), .double(.infinity), .double(0.5),
    .double(-1e300),
  ]
  private static let dates: [BSONValue] = [
    .date(milliseconds: .min), .date(milliseconds: .max), .date(milliseconds: 253_402_300_800_000),
  ]
  private static let others: [BSONValue] = [
    .null, .bool(true), .string(""), .string(String(repeating: "x", count: 200_000)), .binary([]),
    .binary([0xFF]), .binary([UInt8](repeating: 0xFF, count: 5 << 20)), ["a": 1], .array([]),
    .binary([2, 1] + [UInt8](repeating: 0xFF, count: 9) + [0x7F, 0]),
  ]
  private static var values: [BSONValue] { numbers + dates + others }

  private static let fields: [Collection: [String]] = [
    .messages: ["seq", "time", "message_type", "user_id", "content", "data", "key", "digest", "log"],
    .logs: ["record", "version", "tokens"], .marks: ["body", "version", "tokens"],
  ]

  @Test(arguments: [Collection.messages, .logs, .marks])
  func everyFieldAtEveryExtreme(_ collection: Collection) async throws {
    try await withStores(try await .shared(.replicaSet()), 2) { stores in
      let neighbour = Inbox(user: "well", team: "well")
      try await fill(stores[0], neighbour)
      // Fields side by side: most of the time is spent on waiting for the server.
      try await withThrowingTaskGroup(of: Void.self) { group in
        for field in Self.fields[collection] ?? [] {
          group.addTask { try await everyExtreme(field, collection, stores, neighbour) }
        }
        try await group.waitForAll()
      }
      #expect(try await stores[0].state(of: neighbour).shared.head > 3)
    }
  }

  private func everyExtreme(
    _ field: String, _ collection: Collection, _ stores: [MongoStore], _ neighbour: Inbox
  ) async throws {
    for (number, value) in Self.values.enumerated() {
      let inbox = Inbox(user: "bob", team: Text("\(field) \(number)"))
      try await fill(stores[0], inbox)
      let place: BSONDocument =
        switch collection {
        case .messages: ["log": .binary(inbox.shared.encoded), "seq": 3]
        case .logs: ["_id": .binary(inbox.shared.encoded)]
        default: ["_id": .binary(inbox.own.encoded)]
        }
      let result = try await stores[0].session { session in
        session.updateOne(collection.rawValue, filter: place, update: ["$set": .document([field: value])])
      }
      // The server refuses some values, such as a number that is taken.
      guard result.error == nil else { continue }
      // One store has its caches filled; the other meets the document first.
      for store in stores { await use(store, inbox, "\(collection) \(field) \(value)") }
      try await together(stores[1], inbox, neighbour)
    }
  }

  /// Reads a damaged inbox beside a sound one, in the same groups.
  private func together(_ store: MongoStore, _ inbox: Inbox, _ neighbour: Inbox) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for inbox in [inbox, neighbour, inbox, neighbour] {
        let isWell = inbox == neighbour
        func add(_ body: @escaping @Sendable () async throws -> Void) {
          group.addTask {
            do { try await body() } catch is StoreError where !isWell {}
          }
        }
        add { _ = try await store.read { try PageQuery(inbox: inbox).page($0) } }
        add { _ = try await store.append(draft("more", key: "k2"), to: [inbox.shared]) }
        add { _ = try await store.retract(MessageName(log: inbox.shared, seq: 2)) }
        add { try await store.change(marksOf: inbox) { _, state in state.leave() } }
      }
      try await group.waitForAll()
    }
  }

  private func fill(_ store: MongoStore, _ inbox: Inbox) async throws {
    for n in 1...3 {
      _ = try await store.append(draft("\(n)", key: Text("key \(n)")), to: [inbox.shared, inbox.own])
    }
    #expect(try await store.retract(MessageName(log: inbox.shared, seq: 1)))
    try await store.change(marksOf: inbox) { reader, state in
      _ = try MarkChange(.read, .messages([MessageName(log: inbox.own, seq: 1)])).apply(to: &state, reader)
    }
  }

  /// Makes every kind of call of a store; every error must be one that callers know.
  private func use(_ store: MongoStore, _ inbox: Inbox, _ what: String) async {
    func known(_ body: () async throws -> Void) async {
      do { try await body() } catch is StoreError {} catch is MarkChange.NotFound {} catch {
        Issue.record("\(what): \(error)")
      }
    }
    for order in Order.allCases {
      let query = PageQuery(inbox: inbox, order: order, filter: Filter(concerning: "ann", types: ["note"]))
      await known { _ = try await store.read { try query.page($0) } }
    }
    await known {
      _ = try await store.read { reader in
        let state = try reader.state(of: inbox)
        return try state.changes(since: ChangeCursor(state, reader), limit: 9, reader)
      }
    }
    await known { _ = try await store.read { try $0.states(of: [inbox, Inbox(user: "bob")]).map(\.counts) } }
    await known { _ = try await store.read { try $0.last(in: inbox.shared, notAfter: 5) } }
    for target in [MarkChange.Target.all, .upTo(MessageName(log: inbox.shared, seq: 3))] {
      await known {
        _ = try await store.change(marksOf: inbox) { reader, state in
          try MarkChange(.unread, target).apply(to: &state, reader)
        }
      }
    }
    await known { _ = try await store.append(draft("again", key: "key 3"), to: [inbox.shared]) }
    await known { _ = try await store.append(draft("new"), to: [inbox.shared, inbox.own]) }
    await known { _ = try await store.retract(MessageName(log: inbox.shared, seq: 3)) }
  }
}

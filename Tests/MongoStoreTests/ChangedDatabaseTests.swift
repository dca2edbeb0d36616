import Inbox
import Mongo
import MongoSupport
import Testing

@testable import MongoStore

/// Databases that are dropped, restored or changed while stores work on them. An acknowledged message has a
/// number of its own and can be read; everything else is refused until the database is whole.
struct ChangedDatabaseTests {
  /// Current servers, and servers before 6.0, for which a command can't state which collection it means.
  static let ways: [(TestMongod.Topology, namesCollections: Bool)] = [
    (.replicaSet(), true), (.standalone, true), (.replicaSet(), false), (.standalone, false),
  ]

  private func withStores(
    _ way: (topology: TestMongod.Topology, namesCollections: Bool), _ count: Int = 2,
    _ body: ([MongoStore]) async throws -> Void
  ) async throws {
    try await withDatabase(try await .shared(way.topology), options: "waitQueueTimeoutMS=600000") { uri in
      let stores = try (0..<count).map { _ in
        try MongoStore(uri: uri, logger: .quiet, namesCollections: way.namesCollections)
      }
      let result: Result<Void, any Error>
      do { result = .success(try await body(stores)) } catch { result = .failure(error) }
      for store in stores { try await store.close() }
      try result.get()
    }
  }

  /// Sends from all stores at once, and repeats each message until it is acknowledged; returns the numbers of
  /// the messages.
  private func send(_ contents: [String], _ stores: [MongoStore]) async throws -> [Int] {
    try await withThrowingTaskGroup(of: Int.self) { group in
      for (index, content) in contents.enumerated() {
        group.addTask {
          let store = stores[index % stores.count]
          return try await persistently {
            try await store.append(draft(content, key: Text(content)), to: [team])[0].seq
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  @Test(arguments: ways)
  func droppedUnderTwoStores(_ way: (TestMongod.Topology, namesCollections: Bool)) async throws {
    try await withStores(way) { stores in
      _ = try await send((0..<20).map { "before \($0)" }, stores)
      for store in stores {
        _ = try await store.change(marksOf: bob) { reader, state in
          try MarkChange(.seen, .all).apply(to: &state, reader)
        }
        #expect(try await store.state().shared.head == 20)
      }
      try await stores[0].examine { try $0.dropDatabase() }
      // At once, with what both stores remember of the log.
      let contents = (0..<200).map { "after \($0)" }
      let numbers = try await send(contents, stores)
      #expect(numbers.sorted() == Array(1...200))
      for store in stores {
        expectWhole(try await persistently { try await store.messages() }, contents)
        let state = try await persistently { try await store.state() }
        #expect(state.shared.head == 200 && state.marks == Marks())
        #expect(try await store.checkup().allSatisfy(\.isWell))
      }
    }
  }

  /// The same while messages and marks are on their way.
  @Test(arguments: ways)
  func droppedUnderLoad(_ way: (TestMongod.Topology, namesCollections: Bool)) async throws {
    try await withStores(way) { stores in
      for round in 0..<3 {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for n in 0..<60 {
            group.addTask {
              // Sent before or after the drop; in either case once.
              let store = stores[n % 2]
              let text = "\(round) \(n)"
              _ = try await persistently { try await store.append(draft(text, key: Text(text)), to: [team]) }
              _ = try await persistently {
                try await store.change(marksOf: Inbox(user: Text("u\(n % 7)"), team: "t")) { reader, state in
                  try MarkChange(.seen, .all).apply(to: &state, reader)
                }
              }
            }
          }
          group.addTask { try await stores[0].examine { try $0.dropDatabase() } }
          try await group.waitForAll()
        }
        // The work goes on with what is left: no gap, no number given twice, no marks of messages that do not
        // exist.
        let last = try await send(["last \(round)"], [stores[1]])
        for store in stores {
          let found = try await persistently { try await store.messages() }
          #expect(found.map(\.seq) == Array(1...last[0]))
          for n in 0..<7 {
            _ = try await persistently { try await store.state(of: Inbox(user: Text("u\(n)"), team: "t")) }
          }
        }
      }
    }
  }

  @Test(arguments: ways)
  func anIndexIsDropped(_ way: (TestMongod.Topology, namesCollections: Bool)) async throws {
    try await withStores(way, 1) { stores in
      let store = stores[0]
      for index in [Collection.Index.position, Collection.Index.key] {
        let before = try await send(["first \(index)", "second \(index)"], stores)
        try await store.examine {
          _ = try $0.rawCommand(["dropIndexes": "tidings_messages", "index": .string(index)])
        }
        for attempt in 0..<3 {
          await #expect(throws: StoreError.self) {
            try await store.append(draft("\(attempt)", key: Text("\(index) \(attempt)")), to: [team])
          }
        }
        let findings = try await store.checkup()
        #expect(
          findings.contains {
            if case .problem(let what) = $0 {
              what.contains(index) && what.contains("createIndex")
            } else {
              false
            }
          })
        try await store.examine { session in
          try session.createIndexes(
            "tidings_messages", Collection.messages.indexes.filter { $0.name == index })
        }
        let after = try await send((0..<3).map { "\($0)" }.map { "after \(index) \($0)" }, stores)
        #expect(after.allSatisfy { $0 > before.max() ?? 0 })
      }
      let found = try await store.messages()
      #expect(found.map(\.seq) == Array(1...found.count))
      #expect(Set(found.map(\.body.content)).count == found.count)
      #expect(try await store.checkup().allSatisfy(\.isWell))
    }
  }

  /// Emptied where it stands: no collection is another one, and only what came before a new message shows it.
  @Test(arguments: ways)
  func emptiedUnderAStore(_ way: (TestMongod.Topology, namesCollections: Bool)) async throws {
    try await withStores(way, 1) { stores in
      for round in 1...3 {
        _ = try await send((0..<20).map { "before \(round) \($0)" }, stores)
        try await stores[0].examine {
          try $0.deleteMany("tidings_messages", filter: [:])
        }
        // At once, with what it remembers of the log.
        let contents = (0..<100).map { "after \(round) \($0)" }
        #expect(try await send(contents, stores).sorted() == Array(1...100))
        for store in stores { expectWhole(try await store.messages(), contents) }
      }
    }
  }

  /// What was given twice while nothing refused it is taken back: otherwise the index could not be made again.
  @Test(arguments: ways)
  func theIndexOfNumbersIsDroppedUnderTwoStores(
    _ way: (TestMongod.Topology, namesCollections: Bool)
  ) async throws {
    try await withStores(way) { stores in
      for round in 1...5 {
        // The second store remembers a number that is taken.
        _ = try await send(["\(round) a"], [stores[1]])
        _ = try await send(["\(round) b"], [stores[0]])
        try await stores[0].examine {
          _ = try $0.rawCommand(["dropIndexes": "tidings_messages", "index": "log_seq"])
        }
        await #expect(throws: StoreError.self) {
          try await stores[1].append(draft("\(round) c", key: Text("\(round) c")), to: [team])
        }
        try await stores[0].examine {
          try $0.createIndexes(
            "tidings_messages", Collection.messages.indexes.filter { $0.name == Collection.Index.position })
        }
        _ = try await send(["\(round) c"], [stores[1]])
      }
      let found = try await stores[0].messages()
      expectWhole(found, (1...5).flatMap { ["\($0) a", "\($0) b", "\($0) c"] })
    }
  }

  /// The collections as a restore has them on its way: documents first, indexes last.
  @Test(arguments: ways)
  func aRestoreIsUnderWay(_ way: (TestMongod.Topology, namesCollections: Bool)) async throws {
    try await withStores(way) { stores in
      _ = try await send((1...10).map { "\($0)" }, stores)
      let saved = try await stores[0].examine { session in
        try ["tidings_messages", "tidings_schema"].map {
          try session.find($0, filter: ["seq": ["$not": ["$gt": 5]]], limit: 100).documents.documents()
        }
      }
      let kept = try saved[0].map { try $0.get("content").string() }
      try await stores[0].examine { session in
        try session.dropDatabase()
        try session.insertMany("tidings_messages", saved[0]).get()
      }
      for phase in 0..<2 {
        for store in stores {
          for _ in 0..<2 {
            do {
              let receipts = try await store.append(draft("during"), to: [team])
              Issue.record("acknowledged in phase \(phase): \(receipts)")
            } catch StoreError.unavailable {} catch StoreError.outcomeUnknown {}
          }
        }
        if phase == 0 {
          try await stores[0].examine { _ = try $0.insertMany("tidings_schema", saved[1]).get() }
        }
      }
      try await stores[0].examine { session in
        for collection in Collection.allCases {
          try session.createCollection(collection.rawValue)
          if !collection.indexes.isEmpty {
            try session.createIndexes(collection.rawValue, collection.indexes)
          }
        }
      }
      let numbers = try await send(["a", "b", "c", "d"], stores)
      #expect(numbers.sorted() == [6, 7, 8, 9])
      for store in stores {
        expectWhole(try await store.messages(), kept + ["a", "b", "c", "d"])
      }
    }
  }

  /// Restored to an earlier state at once, so that no call came during the restore.
  @Test(arguments: ways)
  func restoredBetweenCalls(_ way: (TestMongod.Topology, namesCollections: Bool)) async throws {
    try await withStores(way) { stores in
      let ann = Inbox(user: "ann", team: "t")
      for n in 1...10 {
        _ = try await stores[0].append(draft("\(n)", sender: n > 5 ? "ann" : "eve"), to: [team])
      }
      for store in stores {
        #expect(try await store.state(of: ann).shared.sent == SequenceSet(6, through: 10))
      }
      let before = try await stores[0].read { $0.past }
      try await stores[1].examine { session in
        let kept = try session.find("tidings_messages", filter: ["seq": ["$lte": 5]], limit: 100)
        _ = try session.rawCommand(["drop": "tidings_messages"])
        try session.insertMany("tidings_messages", kept.documents.documents()).get()
        try session.createIndexes("tidings_messages", Collection.messages.indexes)
      }
      for n in 6...12 {
        let receipt = try await persistently {
          try await stores[n % 2].append(draft("new \(n)", sender: "eve", key: Text("\(n)")), to: [team])[0]
        }
        #expect(receipt.seq == n)
      }
      for store in stores {
        // What the store remembered of the other past does not hold for this one.
        let state = try await persistently { try await store.state(of: ann) }
        #expect(state.shared.head == 12 && state.shared.sent == SequenceSet())
      }
      let after = try await stores[0].read { reader in
        _ = try reader.state(of: bob)
        return reader.past
      }
      #expect(after != before)
    }
  }

  @Test func theServersFilesArePutBack() async throws {
    let mongod = try await TestMongod.start(.standalone)
    let store = try MongoStore(
      uri: mongod.uri(database: "back", options: "heartbeatFrequencyMS=500"), logger: .quiet)
    _ = try await send(["a"], [store])
    let before = try await store.read { $0.past }
    await mongod.kill(member: 0)
    try mongod.launch(member: 0)
    _ = try await persistently { try await store.state() }
    // Restoring the files leaves the collections' identities unchanged.
    let after = try await persistently {
      try await store.read { reader in
        _ = try reader.states(of: [bob, Inbox(user: "bob")])
        return reader.past
      }
    }
    #expect(after != before)
    try await store.close()
    await mongod.stop()
  }
}

/// Databases in which somebody else has made collections.
struct UnfitDatabaseTests {
  @Test(
    arguments: [
      ("tidings_messages", ["capped": true, "size": 100_000], "capped"),
      ("tidings_messages", ["collation": ["locale": "en", "strength": 2]], "collation"),
      ("tidings_marks", ["collation": ["locale": "de"]], "collation"),
      ("tidings_logs", ["capped": true, "size": 100_000, "max": 5], "capped"),
      ("tidings_messages", ["viewOn": "other", "pipeline": []], "view"),
      ("tidings_messages", ["timeseries": ["timeField": "time"]], "time series"),
      ("tidings_leases", ["validator": ["a": ["$exists": true]]], "validator"),
      ("tidings_messages", ["clusteredIndex": ["key": ["_id": 1], "unique": true]], "clustered"),
    ] as [(String, BSONDocument, String)])
  func collections(_ name: String, _ options: BSONDocument, _ word: String) async throws {
    try await expectRefusal(name, word) { try $0.createCollection(name, options: options) }
  }

  @Test(
    arguments: [
      (["key": ["log": 1, "seq": -1], "name": "log_seq"], "not unique"),
      (["key": ["seq": 1, "log": -1], "name": "log_seq", "unique": true], "other fields"),
      (
        ["key": ["log": 1, "user_id": 1, "key": 1], "name": "log_user_key", "unique": true], "another filter"
      ),
      (
        ["key": ["user_id": 1, "log": 1, "seq": -1], "name": "sender", "collation": ["locale": "en"]],
        "collation"
      ),
      (["key": ["time": 1], "name": "gone", "expireAfterSeconds": 60], "expire"),
      (["key": ["user_id": 1], "name": "once", "unique": true], "unique"),
    ] as [(BSONDocument, String)])
  func indexes(_ index: BSONDocument, _ word: String) async throws {
    try await expectRefusal("tidings_messages", word) { session in
      _ = try session.rawCommand(["createIndexes": "tidings_messages", "indexes": [.document(index)]])
    }
  }

  private func expectRefusal(
    _ name: String, _ word: String, _ body: @escaping @Sendable (MongoSession) throws -> Void
  ) async throws {
    try await withDatabase(try await .shared(.replicaSet())) { uri in
      let store = try MongoStore(uri: uri, logger: .quiet)
      try await store.examine(body)
      let error = await #expect(throws: MongoStoreOpenError.self) { try await store.prepare() }
      #expect(error?.description.contains(name) == true && error?.description.contains(word) == true)
      await #expect(throws: StoreError.self) { try await store.append(draft("a"), to: [team]) }
      try await store.close()
    }
  }

  /// A restore may write numbers in another type, and collections may have options that change nothing.
  @Test func harmlessDifferencesAreTaken() async throws {
    try await withDatabase(try await .shared(.replicaSet())) { uri in
      let store = try MongoStore(uri: uri, logger: .quiet)
      try await store.examine { session in
        try session.createCollection(
          "tidings_marks", options: ["validator": [:], "collation": ["locale": "simple"]])
        _ = try session.rawCommand([
          "createIndexes": "tidings_messages",
          "indexes": [
            ["key": ["log": .double(1), "seq": .int32(-1)], "name": "log_seq", "unique": true],
            ["key": ["time": 1], "name": "mine"],
          ],
        ])
      }
      #expect(try await store.prepare())
      #expect(try await store.append(draft("a"), to: [team]).map(\.seq) == [1])
      #expect(try await store.checkup().allSatisfy(\.isWell))
      try await store.close()
    }
  }
}

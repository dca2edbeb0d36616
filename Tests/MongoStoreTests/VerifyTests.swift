import Mongo
import MongoSupport
import Testing

@testable import Inbox
@testable import MongoStore

/// Faults that are planted in a sound database: each is found and named, and a repair leaves one that is whole.
struct VerifyTests {
  static func make(_ store: MongoStore) async throws {
    for n in 1...10 {
      _ = try await store.append(draft("\(n)", key: n % 3 == 0 ? Text("key \(n)") : nil), to: [team])
    }
    for n in 1...3 { _ = try await store.append(draft("own \(n)"), to: [bob.own]) }
    for n in 1...2 { _ = try await store.append(draft("news \(n)"), to: [.everyone]) }
    _ = try await store.retract(MessageName(log: team, seq: 4))
    for inbox in [bob, Inbox(user: "bob")] {
      _ = try await store.change(marksOf: inbox) { reader, state in
        try MarkChange(.read, .all).apply(to: &state, reader)
      }
    }
    try await store.change(marksOf: Inbox(user: "ann", team: "t")) { _, state in state.leave() }
  }

  private static let contents = 14

  @Test func thirtyKindsArePlanted() { #expect(Set(Self.mendable.map(\.kind)).count >= 29) }

  @Test(arguments: topologies)
  func aSoundDatabaseHasNoFaults(_ topology: TestMongod.Topology) async throws {
    try await withStores(try await .shared(topology)) { stores in
      #expect(try await stores[0].verify().isEmpty)
      try await Self.make(stores[0])
      let verdict = try await stores[0].verify(Verification(.test))
      #expect(verdict.faults.isEmpty && verdict.isComplete, "\(verdict.faults)")
      #expect(
        [verdict.logs, verdict.messages, verdict.inboxes, verdict.recounted] == [3, 15, 3, 3] as [Int])
    }
  }

  @Test(arguments: mendable)
  func aPlantedFaultIsNamedAndMended(_ plant: Plant) async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      try await Self.make(stores[0])
      try await stores[0].examine { try plant.plant($0) }
      let found = try await stores[0].verify()
      #expect(found.counts[plant.kind] != nil, "found: \(found.counts)")
      let mended = try await stores[0].verify(repairs: true)
      #expect(mended.kinds.allSatisfy { kind in mended[kind].allSatisfy { $0.isMended } }, "\(mended)")
      let left = try await stores[0].verify()
      #expect(left.isEmpty, "left: \(left.kinds.map { ($0, left[$0]) })")
      // Of a number far away not as many empty messages are made.
      #expect(try await stores[0].verify(Verification(.test)).messages < 25)
      try await Self.expectWorking(stores[0], contents: Self.contents - plant.lost)
    }
  }

  /// How many places are named does not change what is mended.
  @Test(arguments: mendable.filter { [.number, .numberTwice, .orphan, .index].contains($0.kind) })
  func aRepairThatNamesNothingMendsAll(_ plant: Plant) async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      try await Self.make(stores[0])
      try await stores[0].examine { try plant.plant($0) }
      let verdict = try await stores[0].verify(Verification(.test, repairs: true, named: 0))
      #expect(verdict.faults.hasMended && verdict.recounted == 3)
      #expect(try await stores[0].verify().isEmpty)
    }
  }

  /// Every message that the plant left is there, and everything works.
  private static func expectWorking(_ store: MongoStore, contents: Int) async throws {
    let found = try await persistently {
      try await store.read { reader in
        try reader.logs(after: nil, limit: 100).flatMap { try reader.entries(in: $0, from: 1, limit: 5000) }
          .count { $0.message.body.content != nil }
      }
    }
    #expect(found == contents)
    let sent = try await persistently { try await store.append(draft("later", key: "later"), to: [team])[0] }
    #expect(try await store.append(draft("later", key: "later"), to: [team])[0].seq == sent.seq)
    for inbox in [bob, Inbox(user: "ann", team: "t"), Inbox(user: "bob")] {
      let page = try await store.read { try PageQuery(inbox: inbox).page($0) }
      #expect(page.total == page.state.counts.total)
      try await store.change(marksOf: inbox) { _, state in state.join(from: .start) }
    }
    #expect(try await store.retract(MessageName(log: team, seq: sent.seq)))
    #expect(try await store.verify().isEmpty)
    #expect(try await store.checkup().allSatisfy(\.isWell))
  }

  /// The bytes with a section more.
  private static func newer(_ bytes: [UInt8]) -> [UInt8] {
    [bytes[0], bytes[1] + 1] + bytes[2...] + [200, 1, 7]
  }

  @Test func whatANewerVersionWroteIsLeftAlone() async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      try await Self.make(stores[0])
      try await stores[0].examine { session in
        for (collection, name, field, bytes) in [
          ("tidings_logs", team, "record", Self.newer(LogRecord().encoded)),
          ("tidings_marks", bob.own, "body", Self.newer(Marks().encoded)),
        ] {
          try session.updateOne(
            collection, filter: ["_id": .binary(name.encoded)],
            update: ["$set": .document([field: .binary(bytes)])]
          ).get()
        }
      }
      for repairs in [false, true, false] {
        let found = try await stores[0].verify(repairs: repairs)
        #expect(found.counts == [.newer: 2])
        #expect(found[.newer].allSatisfy { !$0.isMended })
      }
    }
  }

  @Test(arguments: topologies)
  func hostsGoOnWhileAllIsVerifiedAndRepaired(_ topology: TestMongod.Topology) async throws {
    try await withStores(try await .shared(topology), 3) { stores in
      try await Self.make(stores[0])
      try await stores[0].examine { session in
        for seq in [5, 6, 7] {
          try session.bulk(
            "tidings_messages", [.deleteOne(filter: ["log": Self.log, "seq": .int64(Int64(seq))])]
          ).get()
        }
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<2 {
          group.addTask {
            for n in 0..<60 {
              let sent = try await persistently {
                try await stores[index].append(draft("\(index) \(n)"), to: [team])[0]
              }
              if n % 3 == 0 {
                _ = try await persistently {
                  try await stores[index].retract(MessageName(log: team, seq: sent.seq))
                }
              }
            }
          }
        }
        group.addTask { _ = try await stores[2].verify(repairs: true) }
        try await group.waitForAll()
      }
      let verdict = try await stores[2].verify(Verification(.test))
      #expect(verdict.faults.isEmpty, "\(verdict.faults)")
      #expect(verdict.messages == 135)
    }
  }
}

import Inbox
import Mongo
import MongoSupport
import Testing

@testable import MongoStore

/// Documents that Tidings doesn't write cause an error, never a crash or a wrong answer.
struct DamageTests {
  @Test(
    arguments: [
      ["$set": ["time": "noon"]], ["$unset": ["time": ""]], ["$set": ["message_type": 5]],
      ["$set": ["content": ["no", "text"]]], ["$set": ["retracted": 1]],
    ] as [BSONDocument])
  func messages(_ update: BSONDocument) async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      _ = try await stores[0].append(draft("a"), to: [team])
      _ = try await stores[0].session { session in
        try session.updateOne("tidings_messages", filter: ["seq": 1], update: update).get()
      }
      await expectDamaged { try await stores[0].state() }
      await expectDamaged { try await stores[0].messages() }
    }
  }

  @Test(
    arguments: [
      ["$set": ["body": "text"]], ["$set": ["body": .binary([1, 2, 3])]], ["$set": ["version": 0]],
      ["$set": ["version": .int64(1 << 60)]], ["$unset": ["tokens": ""]], ["$set": ["tokens": [5]]],
      ["$set": ["body": .binary([])]],
    ] as [BSONDocument])
  func marks(_ update: BSONDocument) async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      _ = try await stores[0].append(draft("a"), to: [team])
      try await stores[0].change(marksOf: bob) { _, state in state.leave() }
      _ = try await stores[0].session { session in
        try session.updateOne("tidings_marks", filter: [:], update: update).get()
      }
      await expectDamaged { try await stores[0].state() }
      await expectDamaged { try await stores[0].change(marksOf: bob) { _, state in state.leave() } }
      await expectDamaged { try await stores[0].read { try $0.states(of: [bob, Inbox(user: "bob")]) } }
    }
  }

  @Test func recordsOfMessagesThatDoNotExist() async throws {
    try await withStores(try await .shared(.replicaSet())) { stores in
      for n in 1...3 { _ = try await stores[0].append(draft("\(n)"), to: [team]) }
      #expect(try await stores[0].retract(MessageName(log: team, seq: 3)))
      _ = try await stores[0].session { session in
        try session.bulk("tidings_messages", [.deleteOne(filter: ["seq": 3])]).get()
      }
      await expectDamaged { try await stores[0].state() }
      await expectDamaged { try await stores[0].retract(MessageName(log: team, seq: 1)) }
    }
  }

  private func expectDamaged(_ body: () async throws -> some Any) async {
    do {
      _ = try await body()
      Issue.record("it was read")
    } catch StoreError.damaged {
      return
    } catch {
      Issue.record("\(error)")
    }
  }
}

import Mongo
import MongoSupport
import Seeds
import Testing

@testable import Inbox
@testable import MongoStore

/// Random damage: whatever a few values of a database become, one repair leaves a store that is whole and answers.
struct RandomDamageTests {
  private static let fields: [(collection: String, names: [String])] = [
    ("tidings_logs", ["record", "version", "tokens", "colour"]),
    ("tidings_marks", ["body", "version", "tokens"]),
    (
      "tidings_messages",
      [
        "seq", "seq", "seq", "log", "time", "user_id", "username", "receiver_id", "message_type", "content",
        "data",
        "key", "digest", "retracted",
      ]
    ),
  ]

  private static let values: [BSONValue] = [
    .null, .int32(0), .int32(1), .int32(-1), .int32(-5), .double(1.5), .double(.nan), .double(.infinity),
    .double(-.infinity), .int64(400_007), .int64(4_000_000_007), .int64(1 << 53), .int64(1 << 53 + 1),
    .int64(.max), .int64(.min), "text", "", .binary([]), .binary([9]), .binary([1, 1, 0x78]),
    .binary(LogName.everyone.encoded), .bool(true), .array([5]), .document(["a": 1]), .date(milliseconds: 0),
    .date(milliseconds: .max), .string(String(repeating: "c", count: 70_000)),
  ]

  /// Changes something; returns what.
  private static func damage(_ session: MongoSession, _ random: inout SeededGenerator) throws -> String {
    func number(_ range: Range<Int>) -> Int { .random(in: range, using: &random) }
    let part = fields[number(0..<fields.count)]
    let field = part.names[number(0..<part.names.count)]
    let found = try session.find(
      part.collection, filter: [:], projection: ["_id": 1], sort: ["_id": 1], limit: 20, hint: "_id_")
    let ids = try found.documents.documents().map { try $0.get("_id").value() }
    let (choice, row, value) = (number(0..<10), number(0..<20), values[number(0..<values.count)])
    guard !ids.isEmpty else { return "nothing" }
    let filter: BSONDocument = ["_id": ids[row % ids.count]]
    switch choice {
    case 0:
      try session.bulk(part.collection, [.deleteOne(filter: filter)]).get()
      return "delete \(filter)"
    case 1:
      try session.updateOne(part.collection, filter: filter, update: ["$unset": .document([field: ""])]).get()
      return "unset \(field) \(filter)"
    default:
      let result = session.updateOne(
        part.collection, filter: filter, update: ["$set": .document([field: value])])
      // What an index refuses is no damage.
      if result.writeErrors.isEmpty { try result.get() }
      return "\(field) = \(value) \(filter)"
    }
  }

  @Test(arguments: 0..<24)
  func aRepairLeavesWhatIsWhole(_ run: Int) async throws {
    let random = SeededGenerator.printed("random damage \(run)")
    try await withStores(try await .shared(.replicaSet())) { stores in
      let store = stores[0]
      try await VerifyTests.make(store)
      let done = try await store.examine { session in
        var random = random
        return try (0...run % 4).map { _ in try Self.damage(session, &random) }
      }
      let mended = try await store.verify(repairs: true)
      let left = try await store.verify(Verification(.test))
      // Bytes of another format may be those of a newer version: nobody touches them.
      #expect(
        left.faults.kinds.allSatisfy { $0 == .newer },
        "\(done): mended \(mended.kinds.map { mended[$0] }), left \(left.faults.kinds.map { left.faults[$0] })"
      )
      #expect(left.messages < 1500, "\(done)")
      guard left.faults.isEmpty else { return }
      for inbox in [bob, Inbox(user: "ann", team: "t"), Inbox(user: "bob")] {
        let page = try await persistently { try await store.read { try PageQuery(inbox: inbox).page($0) } }
        #expect(page.total == page.state.counts.total)
        try await store.change(marksOf: inbox) { _, state in state.join(from: .start) }
      }
      for log in [team, .team("new"), bob.own, .everyone] {
        _ = try await persistently { try await store.append(draft("later"), to: [log]) }
      }
      #expect(try await store.verify().isEmpty, "\(done)")
    }
  }
}

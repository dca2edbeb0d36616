import Inbox
import Mongo
import MongoSupport
import Testing

@testable import MongoStore

/// Documents with a section that this version does not know.
struct NewerVersionTests {
  @Test(arguments: topologies)
  func theyAreRefusedForThatInboxAloneAndNeverDropped(_ topology: TestMongod.Topology) async throws {
    try await withStores(try await .shared(topology), 2) { stores in
      let well = Inbox(user: "well", team: "well")
      let newerLog = Inbox(user: "ann", team: "newer")
      for inbox in [bob, well, newerLog] {
        for n in 1...3 { _ = try await stores[0].append(draft("\(n)"), to: [inbox.shared]) }
        _ = try await stores[0].retract(MessageName(log: inbox.shared, seq: 1))
        try await stores[0].change(marksOf: inbox) { _, state in state.leave() }
      }
      let marks = newer(try await stores[0].state(of: bob).marks.encoded)
      let record = newer(try await stores[0].state(of: newerLog).shared.record.encoded)
      let planted: [(Collection, LogName, String, [UInt8])] = [
        (.marks, bob.own, "body", marks), (.logs, newerLog.shared, "record", record),
      ]
      for (collection, name, field, bytes) in planted {
        _ = try await stores[0].session { session in
          try session.updateOne(
            collection.rawValue, filter: ["_id": .binary(name.encoded)],
            update: ["$set": .document([field: .binary(bytes)])]
          ).get()
        }
      }
      // One store has read these logs before, the other one has not.
      for store in stores {
        for inbox in [bob, newerLog] {
          await expectNewer { _ = try await store.state(of: inbox) }
          await expectNewer { try await store.change(marksOf: inbox) { _, state in state.join(from: .now) } }
        }
        await expectNewer { _ = try await store.retract(MessageName(log: newerLog.shared, seq: 2)) }
        await expectNewer { _ = try await store.read { try $0.logs([newerLog.shared]) } }
        #expect(try await store.state(of: well).shared.head == 3)
      }
      let problems = try await stores[0].checkup().filter { finding in
        if case .problem(let what) = finding { what.hasPrefix("contents") } else { false }
      }
      // The record and the marks.
      #expect(problems.count == 2)
      for case .problem(let what) in problems {
        #expect(what.hasSuffix("written by a newer version of Tidings: use that version"), "\(what)")
      }
      for (collection, name, field, bytes) in planted {
        let kept = try await stores[0].session { session in
          let found = try session.find(
            collection.rawValue, filter: ["_id": .binary(name.encoded)], limit: 1)
          return try found.documents.documents().first.map { Array(try $0.get(field).binary()) }
        }
        #expect(kept == bytes)
      }
    }
  }

  /// The bytes with a section more.
  private func newer(_ bytes: [UInt8]) -> [UInt8] { [bytes[0], bytes[1] + 1] + bytes[2...] + [200, 1, 7] }

  private func expectNewer(_ body: () async throws -> Void) async {
    do {
      try await body()
      Issue.record("it was read")
    } catch {
      #expect((error as? StoreError)?.isOfNewerVersion == true, "\(error)")
    }
  }
}

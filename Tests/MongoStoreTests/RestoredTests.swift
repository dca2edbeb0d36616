import Inbox
import Mongo
import MongoSupport
import Testing

@testable import MongoStore

/// A restored database has another past than the one that was followed.
struct RestoredTests {
  @Test(arguments: topologies) func aCursorFromLaterExpires(_ topology: TestMongod.Topology) async throws {
    try await withStores(try await .shared(topology), 2) { stores in
      func cursor() async throws -> ChangeCursor {
        try await stores[0].read { try ChangeCursor($0.state(of: bob), $0) }
      }
      for n in 1...5 { _ = try await stores[0].append(draft("\(n)"), to: [team]) }
      let kept = try await cursor()
      for n in 6...10 { _ = try await stores[0].append(draft("\(n)"), to: [team]) }
      let lost = try await cursor()
      _ = try await stores[0].session { session in
        try session.bulk("tidings_messages", (6...10).map { .deleteOne(filter: ["seq": .int64($0)]) }).get()
      }
      // A process that starts after the restore.
      for n in 1...8 {
        _ = try await stores[1].append(draft("new \(n)"), to: [team])
        await #expect(throws: ChangeCursorExpired.self) {
          try await stores[1].read { try $0.state(of: bob).changes(since: lost, limit: 9, $0) }
        }
      }
      let changes = try await stores[1].read { try $0.state(of: bob).changes(since: kept, limit: 9, $0) }
      #expect(changes.changes.count == 8)
    }
  }

  @Test(arguments: topologies)
  func otherMarksOfTheSameVersionAreTold(_ topology: TestMongod.Topology) async throws {
    try await withStores(try await .shared(topology), 2) { stores in
      _ = try await stores[0].append(draft("a"), to: [team])
      try await stores[0].change(marksOf: bob) { _, state in state.leave() }
      let followed = try await stores[0].read { try ChangeCursor($0.state(of: bob), $0) }
      _ = try await stores[0].session { session in
        try session.bulk("tidings_marks", [.deleteOne(filter: [:])]).get()
      }
      try await stores[1].change(marksOf: bob) { _, state in state.join(from: .start) }
      let changes = try await stores[1].read {
        try $0.state(of: bob).changes(since: followed, limit: 9, $0)
      }
      #expect(changes.changes.map(\.event) == [.marked])
    }
  }
}

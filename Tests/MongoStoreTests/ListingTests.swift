import Inbox
import MongoSupport
import Testing

@testable import MongoStore

/// The work of the server for a page of a list does not depend on how much there is.
struct ListingTests {
  @Test(arguments: topologies) func aPageReadsAsManyKeysAsItHas(_ topology: TestMongod.Topology) async throws
  {
    try await withStores(try await .shared(topology)) { stores in
      let inboxes = (0..<600).map { Inbox(user: Text("user \($0)")) }
      for _ in 0..<3 { _ = try await stores[0].append(draft("hello"), to: inboxes.map(\.own)) }
      let plans = try await stores[0].session { session in
        try [
          (1, QueryPlan(.logs(after: [], limit: 1), session)),
          (10, QueryPlan(.logs(after: inboxes[300].own.encoded, limit: 10), session)),
        ]
      }
      for (limit, plan) in plans {
        #expect(plan.isGood, "\(plan.stages)")
        #expect(plan.stages.contains("DISTINCT_SCAN"), "\(plan.stages)")
        // The server fetches a few more than it needs, as many whatever there is.
        #expect(plan.keysExamined <= limit + 120, "\(limit): \(plan.keysExamined) keys")
      }
    }
  }
}

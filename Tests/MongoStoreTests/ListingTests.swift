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
        try [1, 10].map { limit in
          let query = Query.logs(after: inboxes[300].own.encoded, limit: limit)
          return (limit, try QueryPlan(query, session))
        }
      }
      for (limit, plan) in plans {
        #expect(plan.isGood, "\(plan.stages)")
        #expect(plan.keysExamined == limit, "\(limit): \(plan.keysExamined) keys")
        #expect(plan.documentsExamined == 0)
      }
      for limit in [1, 5, 16, 17, 700] {
        let logs = try await stores[0].read { try $0.logs(after: nil, limit: limit) }
        #expect(logs == Array(inboxes.map(\.own).sorted().prefix(limit)))
      }
    }
  }
}

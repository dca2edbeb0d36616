import Inbox
import MongoSupport
import Testing

@testable import MongoStore

/// The work of the server for each query.
struct PlanTests {
  @Test(arguments: topologies)
  func everyQueryComesFromAnIndex(_ topology: TestMongod.Topology) async throws {
    try await withStores(try await .shared(topology)) { stores in
      let store = stores[0]
      let others = ["u", "v"].map { Inbox(user: "bob", team: $0) }
      let logs = ([bob] + others).flatMap { [$0.shared, $0.own] }
      for n in 1...300 {
        _ = try await store.append(
          draft(
            "\(n)", sender: n % 10 == 0 ? "bob" : "ann", receiver: n % 15 == 0 ? "bob" : nil,
            key: n % 2 == 0 ? Text("key \(n)") : nil), to: logs)
      }
      for inbox in [bob] + others {
        _ = try await store.change(marksOf: inbox) { reader, state in
          try MarkChange(.seen, .all).apply(to: &state, reader)
        }
      }
      // As many index keys as answers, and for each point of a query one key beyond its end.
      let bounds = [
        "state and newest messages of an inbox": 30, "states and newest messages of many inboxes": 110,
        "messages of many logs": 18, "senders to many logs": 18, "what readers sent to logs": 72,
        "states of many inboxes": 30, "heads of many logs": 14,
        "an inbox that was known": 34, "many inboxes that were known": 34,
        "heads of many logs that were known": 18,
        "a range of messages": 13, "messages by number": 9,
        "times": 7, "numbers by sender": 31, "numbers by receiver": 21, "numbers by type": 51,
        "the last place of a log": 1, "the last places of many logs": 14, "places by number": 8,
        "a key in many logs": 14, "keys of a log": 5, "keys of many logs": 3, "marks by name": 8,
        "records by name": 14, "messages by token": 4, "leases": 1,
        "names of logs": 2, "names of later logs": 2, "names of marks": 3, "names of later marks": 3,
      ]
      let plans = try await store.session { session in
        try Query.samples(bob, others: others).map { ($0.name, try QueryPlan($0.query, session)) }
      }
      for (name, plan) in plans {
        #expect(plan.isGood, "\(name): \(plan.stages)")
        #expect(plan.keysExamined <= bounds[name] ?? 0, "\(name): \(plan.keysExamined) keys")
        #expect(plan.documentsExamined <= bounds[name] ?? 0, "\(name): \(plan.documentsExamined) documents")
      }
      #expect(Set(plans.map(\.0)) == Set(bounds.keys))
    }
  }

  @Test(arguments: topologies)
  func doctorFindsNothing(_ topology: TestMongod.Topology) async throws {
    try await withStores(try await .shared(topology)) { stores in
      let findings = try await stores[0].checkup()
      #expect(findings.allSatisfy { $0.isWell })
      try await stores[0].session { session in
        _ = try session.rawCommand(["dropIndexes": "tidings_messages", "index": "receiver"])
      }
      #expect(
        try await stores[0].checkup().contains {
          if case .problem(let what) = $0 {
            what.hasPrefix("indexes: receiver of tidings_messages missing: ")
          } else {
            false
          }
        })
    }
  }
}

import Inbox
import Mongo

/// The server's plan for a query, as `explain` reports it.
struct QueryPlan {
  /// The stages in all parts of the winning plan.
  private(set) var stages: Set<String> = []
  /// The names of the indexes that the plan uses.
  private(set) var indexes: Set<String> = []
  /// The number of index keys examined by all parts together.
  private(set) var keysExamined = 0
  /// The number of documents examined by all parts together.
  private(set) var documentsExamined = 0

  init(_ query: Query, _ session: MongoSession) throws {
    try walk(try session.explain(query.command))
  }

  /// Whether all results come from an index, in its order.
  var isGood: Bool { stages.isDisjoint(with: ["COLLSCAN", "SORT"]) && !stages.isEmpty }

  private mutating func walk(_ document: BSONDocument) throws {
    var reader = BSONReader(document)
    while let element = try reader.next() {
      switch (element.type, try element.key.string()) {
      case (_, "rejectedPlans"), (_, "allPlansExecution"), (_, "command"), (_, "queryPlanner"): break
      case (.string, "stage"):
        stages.insert(try element.string())
        // This stage looks a document up by its `_id`, and names no index.
        if stages.contains("IDHACK") { indexes.insert("_id_") }
      case (.string, "indexName"): indexes.insert(try element.string())
      case (.int32, "totalKeysExamined"), (.int64, "totalKeysExamined"):
        keysExamined += Int(try element.int64())
      case (.int32, "totalDocsExamined"), (.int64, "totalDocsExamined"):
        documentsExamined += Int(try element.int64())
      case (.document, _): try walk(try element.document())
      case (.array, _): try walk(try element.array().document)
      default: break
      }
    }
  }
}

extension Query {
  /// One sample of each of the store's queries, for readers and writers of these logs.
  static func samples(_ inbox: Inbox, others: [Inbox]) -> [(name: String, query: Query)] {
    let (shared, own) = (inbox.shared, inbox.own)
    let all = [inbox] + others
    let logs = all.flatMap { [$0.shared, $0.own] }
    let proofs = [Token.random(at: 0).id, Token.random(at: 0).id]
    return [
      ("state and newest messages of an inbox", .inbox(inbox, newest: 12)),
      (
        "states and newest messages of many inboxes",
        .gather(
          logs.map { .init(log: $0, first: 289, last: nil) } + [.init(log: shared, first: 5, last: 16)],
          records: logs, marks: all.map(\.own), limit: 1000)
      ),
      (
        "what readers sent to logs",
        .sent(
          logs.map { .init(user: inbox.user, numbers: .init(log: $0, first: 1, last: 100)) }, limit: 1000)
      ),
      (
        "messages of many logs",
        .messages(in: logs.map { .init(log: $0, first: 290, last: 291) }, limit: 1000)
      ),
      ("senders to many logs", .senders(logs.map { .init(log: $0, first: 290, last: 291) }, limit: 1000)),
      ("states of many inboxes", .inboxes(logs: logs, marks: all.map(\.own))),
      ("heads of many logs", .heads(logs)),
      ("an inbox that was known", .inbox(inbox, newest: 12, proofs: proofs)),
      ("many inboxes that were known", .inboxes(logs: logs, marks: all.map(\.own), proofs: proofs)),
      ("heads of many logs that were known", .heads(logs, proofs: proofs, withTokens: true)),
      ("a range of messages", .messages(shared, from: 5, through: 16, limit: 12)),
      ("messages by number", .messages(shared, [1, 3, 7, 9])),
      ("times", .times(shared, [1, 5, 9])),
      ("numbers by sender", .numbers(shared, .sender(inbox.user), from: 1, through: 500, limit: 50)),
      ("numbers by receiver", .numbers(shared, .receiver(inbox.user), from: 1, through: 500, limit: 50)),
      ("numbers by type", .numbers(shared, .type("note"), from: 1, through: 500, limit: 50)),
      ("the last place of a log", .lastSlot(shared)),
      ("the last places of many logs", .lastSlots(logs)),
      ("places by number", .slots(shared, from: 3, through: 9)),
      ("a key in many logs", .holders(of: SenderKey(sender: "ann", key: "key 1"), in: logs)),
      ("keys of a log", .holders(of: ["key 1", "key 2"] as [Text], by: "ann", in: shared)),
      (
        "keys of many logs",
        .holders([
          (shared, SenderKey(sender: "ann", key: "key 1")), (own, SenderKey(sender: nil, key: "key 2")),
        ])
      ),
      ("marks by name", .records(.marks, all.map(\.own))),
      ("records by name", .records(.logs, logs)),
      ("messages by token", .present(proofs)),
      ("leases", .leases(after: 0)),
      ("names of logs", .logs(after: [], limit: 2)),
      ("names of later logs", .logs(after: own.encoded, limit: 2)),
      ("names of marks", .inboxes(after: [], limit: 2)),
      ("names of later marks", .inboxes(after: own.encoded, limit: 2)),
    ]
  }
}

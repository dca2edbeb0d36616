import Inbox
import Mongo
import Runtime

extension MongoStore {
  /// See `ExaminedStore.checkup`. Checks the server, the collections, their indexes, the plan of every query and the
  /// clocks; reads what is kept, for some seconds.
  public func checkup(_ judge: MessageJudge) async throws -> [Finding] {
    do {
      do {
        // An empty database is made ready.
        try await access.run { _, _ in }
      } catch is StoreError {
        // The findings below tell what the database lacks.
      }
      let (before, isWhole, clocks) = try await access.examine { [place] session in
        session.collectionUUIDs = [:]
        let info = try session.serverInfo()
        let layout = try Self.layout(session)
        // Queries name their indexes: without those there is no plan to look at.
        let isWhole = layout.allSatisfy(\.isWell)
        let plans = isWhole ? try Self.plans(session) : []
        let server = try Self.server(info, place) + [Self.following(session)]
        return (server + layout + plans, isWhole, try Self.clocks(session))
      }
      return try await before + (isWhole ? contents(judge) : []) + clocks
    } catch {
      throw StoreError(any: error)
    }
  }

  /// What is kept, as far as some seconds suffice: an answer that says `internal` leads here.
  private func contents(_ judge: MessageJudge) async throws -> [Finding] {
    let verification = Verification(judge, named: 5, end: .now + .seconds(10), steps: 1_000_000)
    var verdict = Verdict(named: verification.named)
    try await verifyContents(verification, &verdict)
    if !verification.isOver { try await recount(verification, &verdict) }
    guard !verdict.faults.isEmpty else {
      let part = verdict.isComplete ? "all" : "the first"
      return [
        .fact(
          "contents", "\(part) \(verdict.messages) messages and marks of \(verdict.inboxes) inboxes are sound"
        )
      ]
    }
    return verdict.faults.kinds.flatMap { kind in
      verdict.faults[kind].flatMap { fault in
        Self.fault(
          "contents", "\(fault.place): \(kind.sentence)",
          advice: kind.isOfNewerVersion
            ? "use that version" : "tidings verify --repair mends it, or put it back from a backup")
      }
    }
  }

  private static func server(_ info: MongoServerInfo, _ place: String) -> [Finding] {
    let topology =
      switch info.topology {
      case .standalone: "one server (if it fails nothing can be read or sent: a replica set goes on)"
      case .replicaSet: "replica set \(info.setName ?? "")"
      case .sharded:
        "sharded (shard tidings_messages by {log: \"hashed\"}, tidings_logs and tidings_marks by _id)"
      }
    let limitation =
      info.supportsSnapshotReads ? "" : " (reads whole views only from 5.0 on, in a replica set)"
    return [
      .fact("store", place), .fact("server", "MongoDB \(info.version)\(limitation)"),
      .fact("topology", topology),
      .fact("writes", "confirmed by the journals of a majority (w: majority, j: true)"),
    ]
  }

  /// How changes of other processes are followed.
  private static func following(_ session: MongoSession) throws(MongoError) -> Finding {
    do throws(MongoError) {
      try session.tryChangeStream(ChangeDocument.pipeline)
      return .fact("changes", "of other processes are told by a change stream")
    } catch  where !error.isRetryable {
      return .fact(
        "changes", "of other processes are looked for twice a second (\(ChangeFeed.reason(error)))")
    }
  }

  /// A fault: among the facts with the advice in brackets, and as a problem.
  static func fault(_ subject: String, _ what: String, advice: String) -> [Finding] {
    [
      .fact(subject, "\(what) (\(advice))"),
      .problem("\(subject.isEmpty ? "" : "\(subject): ")\(what): \(advice)"),
    ]
  }

  private static func layout(_ session: MongoSession) throws -> [Finding] {
    let faults = try Inspection(session: session).look().faults
    var findings = faults.flatMap { fault($0.subject, $0.detail, advice: $0.advice) }
    let wrong = Set(faults.map(\.collection))
    for collection in Collection.allCases where !collection.indexes.isEmpty && !wrong.contains(collection) {
      findings.append(.fact("indexes", "those of \(collection.rawValue) are there"))
    }
    if try Preparation(session).version() == nil, !wrong.contains(.schema) {
      let name = Collection.schema.rawValue
      findings += fault(
        "", "the document of \(name) is missing",
        advice: "if no restore is under way, make it: "
          + "db.\(name).insertOne({_id: \"layout\", version: NumberLong(\(Collection.version))})")
    }
    return findings
  }

  private static func plans(_ session: MongoSession) throws -> [Finding] {
    let inbox = Inbox(user: "doctor", team: "doctor")
    return try Query.samples(inbox, others: [Inbox(user: "doctor")]).flatMap { name, query in
      let plan = try QueryPlan(query, session)
      let indexes = plan.indexes.sorted().joined(separator: ", ")
      return plan.isGood
        ? [.fact("plan", "\(name): from the index \(indexes)")]
        : fault("plan", "\(name): SCANS OR SORTS", advice: "drop indexes that tidings did not make")
    }
  }

  private static func clocks(_ session: MongoSession) throws -> [Finding] {
    let before = systemTime()
    let hello = try session.hello()
    let after = systemTime()
    guard let time = ServerClock.time(in: hello) else {
      return fault("clock", "the server tells no time", advice: "messages get this host's time")
    }
    let skew = time - (before + (after - before) / 2)
    let advice = abs(skew) > 1000 ? " (messages get the server's time)" : ""
    return [
      .fact(
        "clock", "the server's is \(abs(skew)) ms \(skew < 0 ? "behind" : "ahead of") this host's\(advice)")
    ]
  }
}

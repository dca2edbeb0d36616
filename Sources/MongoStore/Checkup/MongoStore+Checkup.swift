import Inbox
import Mongo
import Runtime

/// A finding of the checkup, about the server or the database.
public struct MongoStoreFinding: Hashable, Sendable {
  /// Whether all is well; false if something has to be done.
  public var isWell: Bool
  /// The finding.
  public var what: String
  /// The meaning of the finding, or what to do about it.
  public var advice: String?
}

extension MongoStore {
  /// Checks the server, the collections, their indexes, the plan of every query and the clocks. Throws
  /// `StoreError` if there is no server to ask.
  public func checkup() async throws -> [MongoStoreFinding] {
    do {
      return try await access.examine { [access, place] session in
        var contents: [MongoStoreFinding] = []
        do {
          // An empty database is made ready.
          contents = try access.withLayout(session) { try Self.contents(session, $0) }
        } catch is StoreError {
          // The findings below tell what the database lacks.
        }
        session.collectionUUIDs = [:]
        let info = try session.serverInfo()
        let layout = try Self.layout(session)
        // Queries name their indexes: without those there is no plan to look at.
        let plans = layout.allSatisfy(\.isWell) ? try Self.plans(session) : []
        return try Self.server(info, place) + layout + plans + contents + [Self.clocks(session)]
      }
    } catch {
      throw StoreError(any: error)
    }
  }

  private static func server(_ info: MongoServerInfo, _ place: String) -> [MongoStoreFinding] {
    var findings = [MongoStoreFinding(isWell: true, what: "store: \(place)")]
    findings.append(
      MongoStoreFinding(
        isWell: true, what: "server: MongoDB \(info.version)",
        advice: info.supportsSnapshotReads ? nil : "reads whole views only from 5.0 on, in a replica set"))
    switch info.topology {
    case .standalone:
      findings.append(
        MongoStoreFinding(
          isWell: true, what: "topology: one server",
          advice: "if it fails nothing can be read or sent: a replica set goes on"))
    case .replicaSet:
      findings.append(
        MongoStoreFinding(isWell: true, what: "topology: replica set \(info.setName ?? "")"))
    case .sharded:
      findings.append(
        MongoStoreFinding(
          isWell: true, what: "topology: sharded",
          advice: "shard tidings_messages by {log: \"hashed\"}, tidings_logs and tidings_marks by _id"))
    }
    findings.append(
      MongoStoreFinding(
        isWell: true, what: "writes: confirmed by the journals of a majority", advice: "w: majority, j: true")
    )
    return findings
  }

  private static func layout(_ session: MongoSession) throws -> [MongoStoreFinding] {
    let faults = try Inspection(session: session).look().faults
    var findings = faults.map { MongoStoreFinding(isWell: false, what: $0.what, advice: $0.advice) }
    let wrong = Set(faults.map(\.collection))
    for collection in Collection.allCases where !collection.indexes.isEmpty && !wrong.contains(collection) {
      findings.append(
        MongoStoreFinding(isWell: true, what: "indexes: those of \(collection.rawValue) are there"))
    }
    if try Preparation(session).version() == nil, !wrong.contains(.schema) {
      let name = Collection.schema.rawValue
      findings.append(
        MongoStoreFinding(
          isWell: false, what: "the document of \(name) is missing",
          advice: "if no restore is under way, make it: "
            + "db.\(name).insertOne({_id: \"layout\", version: NumberLong(\(Collection.version))})"))
    }
    return findings
  }

  private static func plans(_ session: MongoSession) throws -> [MongoStoreFinding] {
    let inbox = Inbox(user: "doctor", team: "doctor")
    return try Query.samples(inbox, others: [Inbox(user: "doctor")]).map { name, query in
      let plan = try QueryPlan(query, session)
      let indexes = plan.indexes.sorted().joined(separator: ", ")
      return MongoStoreFinding(
        isWell: plan.isGood,
        what: "plan: \(name): \(plan.isGood ? "from the index \(indexes)" : "SCANS OR SORTS")",
        advice: plan.isGood ? nil : "drop indexes that tidings did not make")
    }
  }

  private static func clocks(_ session: MongoSession) throws -> MongoStoreFinding {
    let before = systemTime()
    let hello = try session.hello()
    let after = systemTime()
    guard let time = ServerClock.time(in: hello) else {
      return MongoStoreFinding(
        isWell: false, what: "clock: the server tells no time", advice: "messages get this host's time")
    }
    let skew = time - (before + (after - before) / 2)
    return MongoStoreFinding(
      isWell: true,
      what: "clock: the server's is \(abs(skew)) ms \(skew < 0 ? "behind" : "ahead of") this host's",
      advice: abs(skew) > 1000 ? "messages get the server's time" : nil)
  }
}

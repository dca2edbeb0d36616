import Inbox
import Mongo

/// One thing about the server or the database that was looked at.
public struct MongoStoreFinding: Hashable, Sendable {
  /// False if something has to be done.
  public var isWell: Bool
  /// What was found.
  public var what: String
  /// What it means, or what to do.
  public var advice: String?
}

extension MongoStore {
  /// Looks at the server, the indexes, the plan of every query and the clocks. Throws `StoreError` if there is
  /// no server to ask.
  public func checkup() async throws -> [MongoStoreFinding] {
    do {
      return try await access.run { session, _ in
        let info = try session.serverInfo()
        let indexes = try Self.indexes(session)
        // Queries name their indexes: without them there is no plan to look at.
        let plans = indexes.allSatisfy(\.isWell) ? try Self.plans(session) : []
        return try Self.server(info, self.place) + indexes + plans + [Self.clocks(session)]
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

  private static func indexes(_ session: MongoSession) throws -> [MongoStoreFinding] {
    try Collection.allCases.filter { !$0.indexes.isEmpty }.map { collection in
      let found = Set(try session.listIndexes(collection.rawValue).map { try $0.get("name").string() })
      let missing = collection.indexes.map(\.name).filter { !found.contains($0) }
      guard !missing.isEmpty else {
        return MongoStoreFinding(isWell: true, what: "indexes: those of \(collection.rawValue) are there")
      }
      return MongoStoreFinding(
        isWell: false,
        what: "indexes: \(missing.joined(separator: ", ")) of \(collection.rawValue) missing",
        advice: "delete the document of tidings_schema and start tidings again, which makes them")
    }
  }

  private static func plans(_ session: MongoSession) throws -> [MongoStoreFinding] {
    let inbox = Inbox(user: "doctor", team: "doctor")
    return try Query.samples(inbox, others: [Inbox(user: "doctor")]).map { name, query in
      let plan = try Plan(query, session)
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
    let skew = try hello.get("localTime").milliseconds() - (before + (after - before) / 2)
    return MongoStoreFinding(
      isWell: true,
      what: "clock: the server's is \(abs(skew)) ms \(skew < 0 ? "behind" : "ahead of") this host's",
      advice: abs(skew) > 1000 ? "messages get the server's time" : nil)
  }
}

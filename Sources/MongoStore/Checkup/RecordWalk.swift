import Inbox
import Mongo

/// A walk through the records of logs, or through the marks, in the order of their names.
struct RecordWalk: Sendable {
  private let collection: Collection
  private let repairs: Bool
  private var name: [UInt8]?

  /// A record with the logs that it speaks of takes two commands for each group.
  private static let together = 200

  init(_ collection: Collection, repairs: Bool) { (self.collection, self.repairs) = (collection, repairs) }

  private var field: String { collection == .logs ? "record" : "body" }

  /// Looks at the next documents.
  mutating func step(_ session: MongoSession) throws -> DocumentWalk.Step {
    guard let name else {
      self.name = []
      return try strangers(session)
    }
    let batch = try session.find(
      collection.rawValue, filter: ["_id": ["$gt": .binary(name)]], sort: ["_id": 1], limit: Self.together,
      hint: "_id_")
    let records = try batch.documents.documents().map { try StoredRecord($0, body: field) }
    guard let last = records.last else { return DocumentWalk.Step(isOver: true) }
    self.name = last.name
    var step = DocumentWalk.Step(logs: records.count)
    // Heads are read after what speaks of them: a log only grows.
    let heads = try heads(of: records, session)
    for record in records { try take(record, heads, session, &step) }
    return step
  }

  /// What has an `_id` of another kind belongs to nobody.
  private func strangers(_ session: MongoSession) throws -> DocumentWalk.Step {
    let filter: BSONDocument = ["_id": ["$not": ["$type": "binData"]]]
    let found = try session.find(
      collection.rawValue, filter: filter, projection: ["_id": 1], limit: Self.together)
    let count = try found.documents.documents().count
    guard count > 0 else { return DocumentWalk.Step() }
    var fault = Fault(
      collection == .logs ? .recordStray : .marksName, .other("documents without a name"), count: count)
    if repairs {
      try session.deleteAll(collection, filter)
      fault.isMended = true
    }
    return DocumentWalk.Step(faults: [fault], logs: count)
  }

  private func heads(of records: [StoredRecord], _ session: MongoSession) throws -> [[UInt8]: Int?] {
    let names = records.flatMap { record -> [LogName] in
      guard let name = StoredDocument.readable({ try LogName(encoded: record.name) }) else { return [] }
      guard collection == .marks else { return [name] }
      return Inbox(own: name).map { [$0.shared, $0.own] } ?? []
    }
    guard !names.isEmpty else { return [:] }
    var heads: [[UInt8]: Int?] = [:]
    for document in try Query.heads(Array(Set(names))).run(session).documents.documents() {
      heads[Array(try document.get("_id").binary())] = .some(
        StoredDocument.readable { try document.get("seq").number() })
    }
    return heads
  }

  private func take(
    _ record: StoredRecord, _ heads: [[UInt8]: Int?], _ session: MongoSession, _ step: inout DocumentWalk.Step
  ) throws {
    let name = StoredDocument.readable { try LogName(encoded: record.name) }
    switch collection {
    case .logs:
      guard let name, let head = heads[record.name] else {
        let (kinds, _) = LogRecord.examined(record.body ?? [], first: 1, head: .max - 1)
        guard kinds != [.newer] else {
          return step.faults.append(Fault(.newer, .other("a record of no log")))
        }
        return try remove(record, .recordStray, session, &step)
      }
      // A log whose head can't be read has faults of its own.
      guard let head else { return }
      var (kinds, changed) = LogRecord.examined(record.body ?? [], first: 1, head: head)
      guard kinds != [.newer] else { return step.faults.append(Fault(.newer, .log(name))) }
      if record.version == nil || record.token == nil { kinds.append(.recordVersion) }
      if !record.unknown.isEmpty { kinds.append(.unknownField) }
      guard !kinds.isEmpty else { return }
      let write = record.replaced(
        by: try changed.bytesToWrite(), field: field, version: (record.version ?? 0) + 1)
      try mend(kinds, .log(name), write, session, &step)
    default:
      guard let inbox = name.flatMap({ Inbox(own: $0) }) else {
        return try remove(record, .marksName, session, &step)
      }
      var (kinds, changed) = Marks.examined(
        StoredMarks(version: record.version.map { Int($0) }, stamp: record.token?.random, body: record.body),
        shared: heads[inbox.shared.encoded] ?? 0, own: heads[inbox.own.encoded] ?? 0)
      guard kinds != [.newer] else { return step.faults.append(Fault(.newer, .inbox(inbox))) }
      if !record.unknown.isEmpty {
        kinds.append(.unknownField)
        changed.version = (record.version.map { Int($0) } ?? 0) + 1
      }
      guard !kinds.isEmpty else { return }
      let write = record.replaced(by: changed.encoded, field: field, version: Int64(changed.version))
      try mend(kinds, .inbox(inbox), write, session, &step)
    }
  }

  /// Whether the write finds what was looked at, and nothing newer: what came between is looked at in the next round.
  private func mend(
    _ kinds: [FaultKind], _ place: Fault.Place, _ write: MongoWrite, _ session: MongoSession,
    _ step: inout DocumentWalk.Step
  ) throws {
    let isMended = repairs ? try session.bulk(collection.rawValue, [write]).get().matched == 1 : false
    for kind in kinds {
      var fault = Fault(kind, place)
      fault.isMended = isMended
      step.faults.append(fault)
    }
  }

  private func remove(
    _ record: StoredRecord, _ kind: FaultKind, _ session: MongoSession, _ step: inout DocumentWalk.Step
  ) throws {
    var fault = Fault(kind, .other("a document of \(collection.rawValue)"))
    if repairs {
      try session.deleteAll(collection, ["_id": .binary(record.name)])
      fault.isMended = true
    }
    step.faults.append(fault)
  }
}

extension MongoSession {
  /// Deletes all documents that match, confirmed by a majority.
  func deleteAll(_ collection: Collection, _ filter: BSONDocument) throws {
    _ = try rawCommand([
      "delete": .string(collection.rawValue), "deletes": [["q": .document(filter), "limit": 0]],
      "writeConcern": ["w": "majority", "j": true],
    ])
  }
}

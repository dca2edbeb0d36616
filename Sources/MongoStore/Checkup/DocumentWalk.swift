import Inbox
import Mongo
import Runtime

/// A walk through all messages by the index of numbers, backwards: the logs from the last name to the first, each from its
/// first number on. Many small logs are read together; one with a fault is looked at again alone.
struct DocumentWalk: Sendable {
  /// The log that is read, or that was read last.
  private var log: [UInt8]?
  /// The check of the log that is read; nil between two logs.
  private var check: LogCheck?
  /// The number up to which it was read, as it stands in the last document.
  private var place = BSONValue.int64(0)
  /// Where the log ends, for as long as it has this last number; nil while nothing says that this one is damaged.
  private var ending: (last: Int, end: Int?)?
  /// The log that gets messages whose own is not known, and its last number.
  private var lost: (name: LogName, last: Int)?

  /// What a step found.
  struct Step: Sendable {
    var faults: [Fault] = []
    var logs = 0
    var messages = 0
    var isOver = false
  }

  let judge: MessageJudge
  let repairs: Bool

  /// The number of messages that a step reads.
  private static let messagesTogether = 1000
  private static let read = messagesTogether + LogCheck.lookahead
  /// The looks at a log with a fault: a message may be in the middle of being retracted.
  private static let looks = 4

  init(_ judge: MessageJudge, repairs: Bool) { (self.judge, self.repairs) = (judge, repairs) }

  mutating func step(_ session: MongoSession) throws -> Step {
    check == nil ? try begin(session) : try go(session)
  }

  /// Reads the next logs, or begins with one that is long or has a fault.
  private mutating func begin(_ session: MongoSession) throws -> Step {
    let found = try session.find(
      Collection.messages.rawValue,
      filter: ["log": log.map { ["$lt": .binary($0)] } ?? ["$gte": .binary([])]],
      sort: ["log": -1, "seq": 1],
      limit: Self.read, hint: Collection.Index.position)
    let documents = try found.documents.documents().map { try StoredDocument($0) }
    guard let first = documents.first else { return Step(isOver: true) }
    var groups: [[StoredDocument]] = []
    for document in documents {
      if groups.last?[0].log == document.log {
        groups[groups.count - 1].append(document)
      } else {
        groups.append([document])
      }
    }
    // The last one may have more.
    if documents.count == Self.read || !found.isComplete { groups.removeLast() }
    let records = try Self.records(groups.compactMap { $0[0].name }, session)
    var step = Step()
    for group in groups {
      guard let name = group[0].name, isSound(group, name, records[name.encoded]) else { break }
      log = group[0].log
      step.logs += 1
      step.messages += group.count
    }
    if step.logs == 0 || step.logs < groups.count {
      let next = step.logs < groups.count ? groups[step.logs][0] : first
      step.logs += 1
      guard let name = next.name else { return try rename(next.log ?? [], session, step) }
      (log, check, place, ending) = (next.log, LogCheck(name), .int64(0), nil)
    }
    return step
  }

  private func isSound(_ group: [StoredDocument], _ name: LogName, _ record: StoredRecord?) -> Bool {
    let end = group.last?.message.seq ?? 0
    let (kinds, record) = LogRecord.examined(record?.body, first: 1, head: end)
    var check = LogCheck(name)
    let page = LogCheck.Page(
      head: nil, end: end, isCertain: false, record: record, messages: group.map(\.message), isLast: true)
    let outcome = check.take(page, judge)
    return kinds.isEmpty && outcome.faults.isEmpty && !outcome.isDoubtful
  }

  /// Gives the messages of a log whose name is none to another log, one behind the other.
  private mutating func rename(_ bytes: [UInt8], _ session: MongoSession, _ step: Step) throws -> Step {
    var step = step
    var fault = Fault(.logName, .other("a name of \(bytes.count) bytes"))
    let filter: BSONDocument = ["log": .binary(bytes)]
    guard repairs else {
      log = bytes
      step.messages += Int(try session.countDocuments(filter))
      step.faults.append(fault)
      return step
    }
    var target = try lost ?? (session.lostAndFound(), 0)
    let found = try session.find(
      Collection.messages.rawValue, filter: filter, projection: ["_id": 1], sort: ["seq": 1],
      limit: Self.messagesTogether, hint: Collection.Index.position)
    let documents = try found.documents.documents()
    for document in documents {
      target.last = try session.move(document.get("_id").value(), to: target.name, from: target.last + 1)
    }
    // What is left is found by the next step.
    if found.isComplete, documents.count < Self.messagesTogether { log = bytes }
    lost = target
    step.messages += documents.count
    fault.isMended = true
    step.faults.append(fault)
    return step
  }

  /// Goes on with a log.
  private mutating func go(_ session: MongoSession) throws -> Step {
    guard let log, let check else { return Step() }
    var backoff = Backoff(.seconds(2), .remote)
    var looks = 0
    while true {
      let before = try Self.records([check.name], session)[log]
      let found = try session.find(
        Collection.messages.rawValue,
        filter: [
          "log": .binary(log), "seq": ["$gt": place, "$lte": .int64(Int64(StoreBounds.largestNumber))],
        ],
        sort: ["seq": 1], limit: Self.read, hint: Collection.Index.position)
      let documents = try found.documents.documents().map { try StoredDocument($0) }
      let last = try session.lastNumber(of: log)
      if let ending, ending.end == nil || ending.last != last {
        let tail = LogRecord.examined(before?.body, first: 1, head: last).record.tail
        self.ending = (last, try session.end(of: log, tail: tail))
      }
      let end = ending?.end ?? last
      let after = try Self.records([check.name], session)[log]
      if before?.version != after?.version || before?.body != after?.body, backoff.pause() { continue }
      let count =
        documents.count < Self.read && found.isComplete
        ? documents.count : max(1, documents.count - LogCheck.lookahead)
      let (kinds, record) = LogRecord.examined(after?.body, first: 1, head: end)
      let page = LogCheck.Page(
        head: nil, end: end, isCertain: ending != nil, record: record,
        messages: documents.prefix(count).map(\.message),
        following: documents.dropFirst(count).map(\.message).filter { $0.seq <= end }.map(\.time),
        isLast: count == documents.count)
      if kinds == [.newer] {
        // Only that version knows which messages its record speaks of.
        self.check = nil
        return Step(messages: Int(try session.countDocuments(["log": .binary(log)])))
      }
      var next = check
      let outcome = next.take(page, judge, filling: repairs ? Self.messagesTogether : nil)
      if outcome.isDoubtful, outcome.count == 0 {
        ending = (last, nil)
        continue
      }
      looks += 1
      if !outcome.faults.isEmpty, looks < Self.looks, backoff.pause() { continue }
      var step = Step(faults: outcome.faults, messages: outcome.count)
      if repairs, !outcome.changes.isEmpty {
        let mending = DocumentMending(name: check.name, session: session, documents: documents)
        // Somebody else changed the record: the look is taken again.
        guard try mending.make(outcome.changes, record, after) else { continue }
        for index in step.faults.indices { step.faults[index].isMended = step.faults[index].isMendable }
      }
      let read = documents.prefix(outcome.count)
      if repairs, outcome.changes.contains(where: \.isPlacing), read.allSatisfy({ $0.id != nil }) {
        // What was filled in is not read again; what got another number is read there.
        place = .int64(Int64(next.next - 1))
      } else if let last = read.last?.place {
        place = last
      }
      self.check = outcome.isDone ? nil : next
      return step
    }
  }

  private static func records(
    _ names: [LogName], _ session: MongoSession
  ) throws -> [[UInt8]: StoredRecord] {
    guard !names.isEmpty else { return [:] }
    var found: [[UInt8]: StoredRecord] = [:]
    for start in stride(from: 0, to: names.count, by: recordsTogether) {
      let some = Array(names[start..<min(start + recordsTogether, names.count)])
      let batch = try Query.records(.logs, some).run(session)
      guard batch.isComplete || some.count > 1 else {
        throw StoreError.damaged("a record of more than 16 MiB")
      }
      guard batch.isComplete else {
        for name in some { found.merge(try records([name], session)) { first, _ in first } }
        continue
      }
      for document in try batch.documents.documents() {
        let record = try StoredRecord(document, body: "record")
        found[record.name] = record
      }
    }
    return found
  }

  private static let recordsTogether = 500
}

extension MongoSession {
  /// The number of messages that match.
  func countDocuments(_ filter: BSONDocument) throws -> Int64 {
    let found = try aggregate(
      Collection.messages.rawValue,
      pipeline: [["$match": .document(filter)], ["$group": ["_id": nil, "n": ["$sum": 1]]]])
    return try found.documents.documents().first?.get("n").int64() ?? 0
  }

  /// The last possible number in a log; 0 if there is none.
  func lastNumber(of log: [UInt8]) throws -> Int {
    let found = try find(
      Collection.messages.rawValue,
      filter: ["log": .binary(log), "seq": ["$lte": .int64(Int64(StoreBounds.largestNumber))]],
      projection: ["_id": 0, "seq": 1], sort: ["seq": -1], limit: 1, hint: Collection.Index.position)
    return try found.documents.documents().first.flatMap { document in
      StoredDocument.readable { try document.get("seq").number() }
    } ?? 0
  }

  /// The last number that a log is believed to have.
  func end(of log: [UInt8], tail: Int) throws -> Int {
    var (end, below) = (
      BelievedEnd(.unknown, tail: tail), BSONValue.int64(Int64(StoreBounds.largestNumber) + 1)
    )
    while !end.isSettled {
      let found = try find(
        Collection.messages.rawValue, filter: ["log": .binary(log), "seq": ["$gte": 1, "$lt": below]],
        projection: ["_id": 0, "seq": 1], sort: ["seq": -1], limit: 10_000, hint: Collection.Index.position)
      let numbers = try found.documents.documents().map { try $0.get("seq") }
      guard let last = numbers.last else { break }
      // A fraction is no number of a message.
      for number in numbers {
        if let number = StoredDocument.readable({ try number.number() }) { end.take(number) }
      }
      below = try last.value()
    }
    return end.end
  }

  /// The name of a log that nobody has, for messages whose log is not known.
  func lostAndFound() throws -> LogName {
    var number = 1
    while try lastNumber(of: LogName.lostAndFound("\(number)").encoded) > 0 { number += 1 }
    return .lostAndFound("\(number)")
  }
}

extension LogCheck.Change {
  /// Whether a number of the log gets another message.
  fileprivate var isPlacing: Bool {
    switch self {
    case .fill, .move: true
    case .replace, .expel, .head: false
    }
  }
}

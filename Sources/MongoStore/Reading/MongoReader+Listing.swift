import Inbox
import Mongo

// A list is never read together with what other calls ask for.
extension MongoReader {
  /// Runs a query of a list: all of one view read one point in time, on servers that have snapshots.
  private func listed(_ query: Query) throws -> MongoBatch {
    let source = try searched()
    guard source.hasSnapshots else { return try source.run(query) }
    let batch = try source.run(query, moment.map { .snapshotAt($0) } ?? .snapshot)
    moment = moment ?? batch.clusterTime
    return batch
  }

  /// The most logs that one command reads.
  private static let logsTogether = 500
  /// The number of index keys that one command reads for names: logs with one message each need no command each.
  private static let keysTogether = 16

  func logs(after name: LogName?, limit: Int) throws -> [LogName] {
    var found: [LogName] = []
    while found.count < limit {
      let last = (found.last ?? name)?.encoded ?? []
      let names = try names(.logs(after: last, limit: min(limit, Self.keysTogether)), "log")
      guard !names.isEmpty else { break }
      for name in names where found.last != name && found.count < limit { found.append(name) }
    }
    return found
  }

  func inboxes(after inbox: Inbox?, limit: Int) throws -> [Inbox] {
    try names(.inboxes(after: inbox?.own.encoded ?? [], limit: limit), "_id").map { own in
      guard let inbox = Inbox(own: own) else {
        throw StoreError.damaged("marks are of a log that is nobody's own")
      }
      return inbox
    }
  }

  func marks(of inboxes: [Inbox]) throws -> [Marks] {
    var found: [LogName: Marks] = [:]
    var batches = inboxes.isEmpty ? [] : [ArraySlice(inboxes.map(\.own))]
    while let names = batches.popLast() {
      let batch = try listed(.records(.marks, Array(names)))
      guard batch.isComplete else {
        guard names.count > 1 else { throw StoreError.damaged("a record of more than 16 MiB") }
        let middle = names.startIndex + names.count / 2
        batches += [names[..<middle], names[middle...]]
        continue
      }
      for document in try batch.all() {
        let record = try RecordDocument(document, of: .marks)
        found[record.name] = try Marks(record)
      }
    }
    return inboxes.map { found[$0.own] ?? Marks() }
  }

  /// The names that a query returns; fewer if the reply is full.
  private func names(_ query: Query, _ field: String) throws -> [LogName] {
    let batch = try listed(query)
    do {
      return try batch.all().map { try $0.get(field).logName() }
    } catch {
      throw error as? StoreError ?? .damaged("the name of a log can't be read: \(error)")
    }
  }

  func logs(_ names: [LogName]) throws -> [LogState] {
    var states: [LogState] = []
    for start in stride(from: 0, to: names.count, by: Self.logsTogether) {
      states += try logsTogether(names[start..<min(start + Self.logsTogether, names.count)])
    }
    return states
  }

  private func logsTogether(_ names: ArraySlice<LogName>) throws -> [LogState] {
    // Records are read first and heads last: then no retraction lies beyond the heads.
    let batches = [try listed(.records(.logs, Array(names))), try listed(.heads(Array(names)))]
    guard batches.allSatisfy(\.isComplete) else {
      guard names.count > 1 else { throw StoreError.damaged("a record of more than 16 MiB") }
      // With large records, fewer logs are read at once.
      let middle = names.startIndex + names.count / 2
      return try logsTogether(names[..<middle]) + logsTogether(names[middle...])
    }
    var found: [LogName: FoundLog] = [:]
    for document in try batches[0].all() {
      let record = try RecordDocument(document, of: .logs)
      found[record.name, default: FoundLog(name: record.name)].record = try LogRecord(record)
    }
    for document in try batches[1].all() {
      let last = try LastNumber(document)
      found[last.log, default: FoundLog(name: last.log)].head = last.seq
    }
    return try names.map { name throws(StoreError) in
      known.pin(name, try (found[name] ?? FoundLog(name: name)).state())
    }
  }

  func held(_ keys: [SenderKey], in log: LogName) throws -> Set<SenderKey> {
    let source = try searched()
    var held: Set<SenderKey> = []
    for (sender, some) in Dictionary(grouping: keys, by: \.sender) {
      for document in try source.run(.holders(of: some.map(\.key), by: sender, in: log)).all() {
        held.insert(try Holder(document).key)
      }
    }
    return held
  }

  func entries(in name: LogName, from first: Int, limit: Int) throws -> [LogEntry] {
    let log = try known.log(name) ?? logs([name])[0]
    let (first, end) = (max(first, log.record.tail), log.head)
    guard first <= end else { return [] }
    let last = limit > end - first ? end : first + limit - 1
    let batch = try listed(.messages(name, from: first, through: last, limit: last - first + 1))
    return try batch.all().map { document in
      let entry = try LogEntry(document, log.record)
      // Retracted after this view looked at the record: the view begins again.
      if entry.isRetracted, !log.record.retracted.contains(entry.message.seq) { throw StaleView() }
      return entry
    }
  }
}

import Inbox
import Mongo

extension View {
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

  /// The names that a query returns; fewer if the reply is full.
  private func names(_ query: Query, _ field: String) throws(StoreError) -> [LogName] {
    do {
      return try Self.documents(try run(query)).map { try LogName(encoded: Array($0.get(field).binary())) }
    } catch let error as StoreError {
      throw error
    } catch {
      throw .damaged("the name of a log can't be read: \(error)")
    }
  }

  func logs(_ names: [LogName]) throws -> [LogState] {
    var states: [LogState] = []
    for start in stride(from: 0, to: names.count, by: Self.logsTogether) {
      states += try logsTogether(names[start..<min(start + Self.logsTogether, names.count)])
    }
    return states
  }

  private func logsTogether(_ names: ArraySlice<LogName>) throws(StoreError) -> [LogState] {
    let encoded = names.map(\.encoded)
    // Records are read first and heads last: then no retraction lies beyond the heads.
    let batches = [try run(.records(.logs, encoded)), try run(.heads(encoded))]
    guard batches.allSatisfy(\.isComplete) else {
      guard names.count > 1 else { throw .damaged("a record of more than 16 MiB") }
      // With large records, fewer logs are read at once.
      let middle = names.startIndex + names.count / 2
      return try logsTogether(names[..<middle]) + logsTogether(names[middle...])
    }
    let found = try FetchedMany(batches)
    return try names.map { name throws(StoreError) in
      try pin(
        name, head: found.heads[name.encoded] ?? 0, record: found.records[name.encoded] ?? LogRecord())
    }
  }

  func entries(in name: LogName, from first: Int, limit: Int) throws -> [LogEntry] {
    let log = try logs([name])[0]
    let (first, end) = (max(first, log.record.tail), log.head)
    guard first <= end else { return [] }
    let last = limit > end - first ? end : first + limit - 1
    let batch = try run(.messages(name.encoded, from: first, through: last, limit: last - first + 1))
    return try Self.documents(batch).map { document in
      let read = try MessageDocument(document)
      let isRetracted = log.record.retracted.contains(read.message.seq)
      // Retracted after this view looked at the record: the view begins again.
      if read.isCleared, !isRetracted { throw StaleView() }
      var (key, digest) = (Text?.none, [UInt8]())
      do {
        if let element = try document.find("key") {
          key = Text(try element.string())
          digest = Array(try document.get("digest").binary())
        }
      } catch {
        throw StoreError.damaged("a message's key can't be read: \(error)")
      }
      return LogEntry(read.message, isRetracted: isRetracted, key: key, digest: digest)
    }
  }
}

// A list is never read together with what other calls ask for.
extension GatheredView {
  func logs(after name: LogName?, limit: Int) throws -> [LogName] { throw Missing() }

  func inboxes(after inbox: Inbox?, limit: Int) throws -> [Inbox] { throw Missing() }

  func logs(_ names: [LogName]) throws -> [LogState] { throw Missing() }

  func entries(in name: LogName, from first: Int, limit: Int) throws -> [LogEntry] { throw Missing() }
}

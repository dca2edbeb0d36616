import Inbox
import Mongo

/// Reads what one or many readers want, in as few commands as it takes: most of the cost of a short read is the
/// command around it. What decides an answer comes from one snapshot, if the server has any.
struct ReadRun {
  /// The number of messages of each log that come with the state of an inbox: those of a first page.
  static let page = 12
  /// Room for messages appended since the last look.
  private static let slack = 1000
  private static let inboxesTogether = 500

  private let wants: [Want]
  private let source: Source
  private let newest: Int
  private var logs: [FoundLog] = []
  private var places: [LogName: Int] = [:]

  /// `newest` is how many messages of each log come with the state of a single inbox.
  init(_ wants: [Want], _ source: Source, newest: Int = Self.page) {
    (self.wants, self.source, self.newest) = (wants, source, newest)
  }

  /// Returns an answer for each want, in order.
  mutating func run() throws(StoreError) -> [Answer] {
    for want in wants {
      switch want {
      case .messages(let name, let numbers): logs[place(of: name)].asked.formUnion(numbers)
      case .inboxes(let inboxes):
        for inbox in inboxes {
          for name in [inbox.shared, inbox.own] {
            let place = place(of: name)
            guard !logs[place].decides else { continue }
            logs[place].decides = true
            logs[place].reached = source.past.heads.reached(name)
          }
        }
      }
    }
    return try fetch() ? try answers() : wants.map { _ in .alone }
  }

  private mutating func place(of name: LogName) -> Int {
    if let place = places[name] { return place }
    places[name] = logs.count
    logs.append(FoundLog(name: name))
    return logs.count - 1
  }

  private var inboxes: [Inbox] {
    wants.flatMap { want -> [Inbox] in if case .inboxes(let inboxes) = want { inboxes } else { [] } }
  }

  private mutating func answers() throws(StoreError) -> [Answer] {
    for log in logs where log.decides {
      if log.isShorter {
        // Nothing that is remembered of this past is reliable any more.
        source.session.suspectChange()
        source.past.heads.forget(log.name)
      } else {
        source.past.heads.remember(log.head, reachedBy: log.name)
      }
    }
    var assembly = Assembly(source, isShared: wants.count > 1)
    for inbox in inboxes {
      try assembly.add(inbox, logs[place(of: inbox.shared)], logs[place(of: inbox.own)])
    }
    var found = try assembly.finish()[...]
    return wants.map { want in
      switch want {
      case .messages(let name, _): return .messages(places[name].map { logs[$0].messages } ?? [])
      case .inboxes(let inboxes):
        defer { found = found.dropFirst(inboxes.count) }
        let mine = found.prefix(inboxes.count).compactMap(\.self)
        return mine.count == inboxes.count ? .inboxes(mine) : .alone
      }
    }
  }
}

// Commands. Each returns false if there is more than fits into a reply.
extension ReadRun {
  private mutating func fetch() throws(StoreError) -> Bool {
    let inboxes = inboxes
    let single = wants.count == 1 && inboxes.count == 1 ? inboxes.first : nil
    guard source.hasSnapshots, single != nil || inboxes.count <= wants.count else {
      guard wants.count == 1, !inboxes.isEmpty else { return false }
      try fetchHeads(inboxes)
      return true
    }
    // From where the ends of the logs were seen last. A writer wants the last message, and not all since then.
    if single == nil || newest == Self.page && logs.allSatisfy({ $0.reached != nil }) {
      if try gather(inboxes) { return true }
      for log in logs { source.past.heads.forget(log.name) }
    }
    guard let single else { return false }
    if try !fetchNewest(single) { try fetchHeads([single]) }
    return true
  }

  /// What decides, and the newest messages, from where the logs were seen last to end.
  private mutating func gather(_ inboxes: [Inbox]) throws(StoreError) -> Bool {
    let unknown = logs.indices.filter { logs[$0].decides && logs[$0].reached == nil }
    if !unknown.isEmpty {
      _ = try take([source.run(.heads(unknown.map { logs[$0].name }))])
      for index in unknown {
        logs[index].reached = logs[index].head
        logs[index].head = 0
      }
    }
    var ranges: [Query.NumberRange] = []
    var limit = Self.slack
    for index in logs.indices {
      let log = logs[index]
      if let reached = log.reached {
        logs[index].floor = max(0, reached - newest)
        ranges.append(.init(log: log.name, first: logs[index].floor + 1, last: nil))
        limit += newest
      }
      for span in log.asked.spans {
        ranges.append(.init(log: log.name, first: span.first, last: span.last))
        limit += span.count
      }
    }
    let batch = try source.run(
      .gather(
        ranges, records: logs.filter(\.decides).map(\.name), marks: Array(Set(inboxes.map(\.own))),
        limit: limit), .snapshot)
    guard batch.isComplete else { return false }
    return try take([batch]) < limit
  }

  /// What decides, and the newest messages, without knowing where the logs end.
  private mutating func fetchNewest(_ inbox: Inbox) throws(StoreError) -> Bool {
    for index in logs.indices { logs[index].forget() }
    let batch = try source.run(.inbox(inbox, newest: newest), .snapshot)
    guard batch.isComplete else { return false }
    _ = try take([batch])
    for index in logs.indices { logs[index].floor = (logs[index].messages.first?.message.seq ?? 1) - 1 }
    return true
  }

  /// What decides, without messages.
  private mutating func fetchHeads(_ inboxes: [Inbox]) throws(StoreError) {
    for start in stride(from: 0, to: inboxes.count, by: Self.inboxesTogether) {
      try fetchHeads(together: Array(inboxes[start..<min(start + Self.inboxesTogether, inboxes.count)]))
    }
    for index in logs.indices { logs[index].floor = logs[index].head }
  }

  private mutating func fetchHeads(together inboxes: [Inbox]) throws(StoreError) {
    let names = Array(Set(inboxes.flatMap { [$0.shared, $0.own] }))
    let marks = inboxes.map(\.own)
    let batches: [MongoBatch]
    if source.hasSnapshots, inboxes.count > 1 {
      batches = [try source.run(.inboxes(logs: names, marks: marks), .snapshot)]
    } else {
      // Marks are read first and heads last: then no mark or retraction lies beyond the heads.
      batches = [
        try source.run(.records(.marks, marks)), try source.run(.records(.logs, names)),
        try source.run(.heads(names)),
      ]
    }
    guard batches.allSatisfy(\.isComplete) else {
      guard inboxes.count > 1 else { throw .damaged("a record of more than 16 MiB") }
      // With large marks, fewer inboxes are read at once.
      try fetchHeads(together: Array(inboxes.prefix(inboxes.count / 2)))
      return try fetchHeads(together: Array(inboxes.dropFirst(inboxes.count / 2)))
    }
    _ = try take(batches)
  }

  /// Enters what replies hold; returns how many messages that were.
  private mutating func take(_ batches: [MongoBatch]) throws(StoreError) -> Int {
    var last = (bytes: ArraySlice<UInt8>(), place: 0)
    var count = 0
    for batch in batches {
      for document in try batch.all() {
        switch try ReplyKind(document) {
        case .message:
          let (bytes, message) = try MessageDocument.placed(document)
          // The messages of a log follow one another.
          if bytes != last.bytes { last = (bytes, try place(ofBytes: bytes)) }
          logs[last.place].messages.append(message)
          count += 1
        case .head:
          let head = try LastNumber(document)
          logs[try asked(head.log)].head = head.seq
        case .record:
          let record = try RecordDocument(document, of: .logs)
          if let place = places[record.name] { logs[place].record = try LogRecord(record) }
        case .marks:
          let record = try RecordDocument(document, of: .marks)
          if let place = places[record.name] { logs[place].marks = record }
        }
      }
    }
    for index in logs.indices where !logs[index].messages.isEmpty { logs[index].sort() }
    return count
  }

  private func place(ofBytes bytes: ArraySlice<UInt8>) throws(StoreError) -> Int {
    do {
      return try asked(LogName(encoded: Array(bytes)))
    } catch let error as StoreError {
      throw error
    } catch {
      throw .damaged("a message can't be read: \(error)")
    }
  }

  private func asked(_ name: LogName) throws(StoreError) -> Int {
    guard let place = places[name] else { throw .damaged("a reply holds what was not asked for") }
    return place
  }
}

import Inbox
import Mongo

/// Reads what one or many readers want, in as few commands as it takes: most of the cost of a short read is the
/// command around it. What decides an answer comes from one snapshot, if the server has any.
struct ReadRun {
  /// The number of messages of each log that come with the state of an inbox: those of a first page.
  static let page = LogEnd.page
  /// Room for messages appended since the last look.
  private static let slack = 1000
  private static let inboxesTogether = 1000

  private let wants: [Want]
  private let source: Source
  private let newest: Int
  private var logs: [FoundLog] = []
  private var places: [LogName: Int] = [:]
  /// The point in time of which all that was found is, where one command found what decides.
  private(set) var moment: MongoClusterTime?

  /// `newest` is how many messages of each log come with the state of a single inbox.
  init(_ wants: [Want], _ source: Source, newest: Int = Self.page) {
    (self.wants, self.source, self.newest) = (wants, source, newest)
  }

  /// Returns an answer for each want, in order.
  mutating func run() throws(StoreError) -> [Answer] {
    for want in wants {
      switch want {
      case .messages(let name, let numbers):
        logs[place(of: name)].asked.formUnion(numbers)
        source.past.heads.miss(numbers, in: name)
      case .inboxes(let inboxes):
        for inbox in inboxes {
          decide(on: inbox.shared, for: inbox.user)
          decide(on: inbox.own, for: inbox.user)
        }
      }
    }
    guard try fetch() else { return wants.map { _ in .alone } }
    if logs.contains(where: \.isOther) { source.past.end() }
    // Nothing that is remembered of a past that is over is reliable.
    return source.past.isOver ? wants.map { _ in .alone } : try answers()
  }

  private mutating func place(of name: LogName) -> Int {
    if let place = places[name] { return place }
    places[name] = logs.count
    logs.append(FoundLog(name: name))
    logs[logs.count - 1].end = source.past.heads.end(of: name)
    return logs.count - 1
  }

  /// Notes that a log is one of a user's inbox.
  private mutating func decide(on name: LogName, for user: Text) {
    let place = place(of: name)
    if !logs[place].decides {
      logs[place].decides = true
      logs[place].first = logs[place].end?.first(newest: newest) ?? 1
    }
    // What the user sent is told from the newest messages too: a gap costs a command.
    guard let end = logs[place].end else { return }
    let through = source.past.sent.through(source.past.key(user, name)) ?? 0
    logs[place].first = min(logs[place].first, max(through + 1, end.reached - Self.page + 1))
  }

  private var inboxes: [Inbox] {
    wants.flatMap { want -> [Inbox] in if case .inboxes(let inboxes) = want { inboxes } else { [] } }
  }

  private mutating func answers() throws(StoreError) -> [Answer] {
    for log in logs where log.decides {
      source.past.heads.change(endOf: log.name) { end in
        end.reach(log.head, log.token)
        if log.floor < log.head { end.bring(from: log.floor + 1, isPage: newest == Self.page) }
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
    // From where the ends of the logs were seen last.
    if single == nil || logs.allSatisfy({ $0.end != nil }), try gather(inboxes) { return true }
    guard let single else { return false }
    if try !fetchNewest(single) { try fetchHeads([single]) }
    return true
  }

  /// What decides, and the newest messages, from where the logs were seen last to end.
  private mutating func gather(_ inboxes: [Inbox]) throws(StoreError) -> Bool {
    let unknown = logs.indices.filter { logs[$0].decides && logs[$0].end == nil }
    if !unknown.isEmpty {
      _ = try take([source.run(.heads(unknown.map { logs[$0].name }))])
      for index in unknown {
        var end = LogEnd()
        end.reach(logs[index].head, nil)
        logs[index].first = end.first(newest: newest)
        logs[index].end = end
        logs[index].head = 0
      }
    }
    var ranges: [Query.NumberRange] = []
    var limit = Self.slack
    for index in logs.indices {
      let log = logs[index]
      // One message shows that the log is still the one of which the rest is known.
      if let proof = log.end?.proof, !log.decides || proof.seq < log.first {
        ranges.append(.init(log: log.name, first: proof.seq, last: proof.seq))
        limit += 1
      }
      logs[index].floor = log.decides ? log.first - 1 : .max
      if log.decides {
        ranges.append(.init(log: log.name, first: log.first, last: nil))
        limit += Self.page
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
    guard batch.isComplete, try take([batch]) < limit else { return false }
    moment = batch.clusterTime
    return true
  }

  /// What decides, and the newest messages, without knowing where the logs end.
  private mutating func fetchNewest(_ inbox: Inbox) throws(StoreError) -> Bool {
    for index in logs.indices { logs[index].forget() }
    let batch = try source.run(
      .inbox(inbox, newest: newest, proofs: logs.compactMap(\.end?.proof?.token)), .snapshot)
    guard batch.isComplete else { return false }
    _ = try take([batch])
    moment = batch.clusterTime
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
    let ends = names.map { name in places[name].flatMap { logs[$0].end } }
    let proofs = ends.compactMap(\.?.proof?.token)
    // The tokens come too: what is remembered up to a log's new end needs this end as its proof.
    let batches: [MongoBatch]
    if source.hasSnapshots, inboxes.count > 1 {
      batches = [
        try source.run(.inboxes(logs: names, marks: marks, proofs: proofs), .snapshot)
      ]
    } else {
      // Marks are read first and heads last: then no mark or retraction lies beyond the heads.
      batches = [
        try source.run(.records(.marks, marks)), try source.run(.records(.logs, names)),
        try source.run(.heads(names, proofs: proofs, withTokens: true)),
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
    var proofs: Set<BSONObjectID> = []
    var count = 0
    for batch in batches {
      for document in try batch.all() {
        switch try ReplyKind(document) {
        case .message:
          let (bytes, id, message) = try MessageDocument.placed(document)
          // The messages of a log follow one another.
          if bytes != last.bytes { last = (bytes, try place(ofBytes: bytes)) }
          logs[last.place].add(message, id)
          count += 1
        case .proof: proofs.insert(try Self.proof(document))
        case .head:
          let head = try LastNumber(document)
          let place = try asked(head.log)
          (logs[place].head, logs[place].token, logs[place].last) = (head.seq, head.token, head.last)
          if let token = head.token { logs[place].prove(head.seq, token) }
        case .record:
          let record = try RecordDocument(document, of: .logs)
          if let place = places[record.name] { logs[place].record = try source.past.record(record) }
        case .marks:
          let record = try RecordDocument(document, of: .marks)
          if let place = places[record.name] { logs[place].marks = record }
        }
      }
    }
    for index in logs.indices {
      if let proof = logs[index].end?.proof, proofs.contains(proof.token) {
        logs[index].prove(proof.seq, proof.token)
      }
      if logs[index].messages.count > 1 { logs[index].sort() }
    }
    return count
  }

  private static func proof(_ document: BSONDocument) throws(StoreError) -> BSONObjectID {
    do {
      return try document.get("_id").objectID()
    } catch {
      throw .damaged("a message's token can't be read: \(error)")
    }
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

import Inbox

/// Numbers the messages of teams, and gives each reader what he did with them.
final class SharedLogs {
  private let teams: SortedRecords
  private let sorter: Sorter
  private(set) var report: Report
  private var items: [Restored] = []
  private var entries: [LogEntry] = []
  private var team: [UInt8] = []
  private var log: LogName?
  private var seq = 0
  private var (size, count) = (0, 0)
  private var isDone = false

  /// `teams` are the records of each team: messages, what each reader did with them, and the readers' own copies.
  init(_ teams: SortedRecords, _ sorter: Sorter, _ report: Report) {
    (self.teams, self.sorter, self.report) = (teams, sorter, report)
  }

  /// The next messages of shared logs; none at the end.
  func next() throws -> [Restored] {
    (items, size, count) = ([], 0, 0)
    while !isDone, count < OwnLogs.mostMessages, size < OwnLogs.mostBytes {
      let found: Void? = try teams.next(take)
      if found == nil {
        end()
        isDone = true
      }
    }
    flush()
    return items
  }

  /// Everything by inbox, once all messages of shared logs were taken: what the reader did with them, then his own copies.
  func inboxes() throws -> SortedRecords { try sorter.sorted() }

  private func take(_ record: RecordView) throws {
    var key = KeyReader(record.key)
    key.skipText()
    let name = record.key[..<key.offset]
    if !team.withUnsafeBytes({ $0.elementsEqual(name) }) {
      end()
      team = Array(name)
      var name = KeyReader(record.key)
      let text = name.text()
      log = text == "" ? .everyone : .team(text)
    }
    var inbox = KeyWriter()
    inbox.write(rest: team)
    if key.byte() == 1 {
      // A reader's own copy.
      key.skipText()
      let start = name.count + 1
      inbox.write(rest: Array(record.key[start..<key.offset]))
      inbox.write(byte: 1)
      inbox.write(rest: Array(key.rest))
      try sorter.add(key: inbox.bytes, value: Array(record.value))
      return
    }
    let time = key.time()
    key.skipText()
    _ = key.number()
    if key.byte() == 0 {
      seq += 1
      let body = CopyRecord.body(record.value)
      entries.append(
        LogEntry(Message(seq: seq, time: time, body: body), isRetracted: false, key: nil, digest: []))
      report.shared += 1
      size += body.size + 256
      count += 1
    } else {
      inbox.write(rest: Array(key.rest))
      inbox.write(byte: 0)
      inbox.write(UInt64(seq))
      try sorter.add(key: inbox.bytes, value: Array(record.value))
      report.merged += 1
    }
  }

  private func flush() {
    guard let log, !entries.isEmpty else { return }
    items.append(.entries(log, entries))
    entries = []
  }

  private func end() {
    flush()
    if seq > 0 { report.logs += 1 }
    (seq, log) = (0, nil)
  }
}

/// The inboxes of readers whose teams have messages of their own.
final class OwnPlacements {
  private let inboxes: SortedRecords
  var logs: OwnLogs
  private var isDone = false

  init(_ inboxes: SortedRecords, _ logs: OwnLogs) { (self.inboxes, self.logs) = (inboxes, logs) }

  func next() throws -> [Restored]? {
    try logs.next(of: inboxes, isDone: &isDone) { logs, key, value in
      if key.byte() == 0 {
        let seq = Int(key.number())
        logs.add(shared: seq, head: seq, CopyRecord.flags(value))
      } else {
        logs.add(key.rest, value)
      }
    }
  }
}

import Inbox

/// Numbers the copies of readers, which come inbox by inbox and in the order of their times.
struct OwnLogs {
  /// The size of a portion.
  static let mostMessages = 4_000
  static let mostBytes = 2 << 20

  private(set) var items: [Restored] = []
  var report: Report
  private var size = 0
  private var count = 0
  /// The bytes of the key that name the inbox under way.
  private var name: [UInt8] = []
  private var inbox: Inbox?
  private var entries: [LogEntry] = []
  private var seq = 0
  private var own = Flagged()
  private var shared = Flagged()
  private var isMember = false
  private var sentUnread = false
  /// The last copy's key behind the inbox, to find one that is there twice.
  private var lastKey: [UInt8] = []
  private var lastBody: MessageBody?

  /// The messages of a log by what the reader did.
  private struct Flagged {
    var read = SequenceSet()
    var seen = SequenceSet()
    var archived = SequenceSet()
    var deleted = SequenceSet()
    var head = 0

    mutating func add(_ flags: Copy.Flags, _ seq: Int) {
      // What was read was seen.
      if flags.contains(.read) { read.insert(seq) }
      if flags.contains(.read) || flags.contains(.seen) { seen.insert(seq) }
      if flags.contains(.archived) { archived.insert(seq) }
      if flags.contains(.deleted) { deleted.insert(seq) }
    }

    var isEmpty: Bool { seen.isEmpty && archived.isEmpty && deleted.isEmpty }
    var marks: LogMarks {
      LogMarks(read: read, seen: seen, archived: archived, deleted: deleted, through: head)
    }
  }

  init(_ report: Report) { self.report = report }

  /// Whether a portion is full.
  var isFull: Bool { count >= Self.mostMessages || size >= Self.mostBytes }

  /// The items of a portion, which begins anew.
  mutating func take() -> [Restored] {
    flush()
    defer { (items, size, count) = ([], 0, 0) }
    return items
  }

  /// Begins an inbox, unless it is the one under way. `name` are the bytes that name it.
  mutating func begin(_ key: UnsafeRawBufferPointer, nameCount: Int) {
    let isSame =
      name.count == nameCount && name.withUnsafeBytes { $0.elementsEqual(key[..<nameCount]) }
    if isSame && inbox != nil { return }
    end()
    name = Array(key[..<nameCount])
    var reader = KeyReader(key)
    let team = reader.text()
    inbox = Inbox(user: reader.text(), team: team == "" ? nil : team)
  }

  /// Adds a copy of the reader's own log; `key` is what of its key follows the inbox.
  mutating func add(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    var reader = KeyReader(key)
    let time = reader.time()
    let body = CopyRecord.body(value)
    let flags = CopyRecord.flags(value)
    report.placed += 1
    if lastKey.count == key.count, lastKey.withUnsafeBytes({ $0.elementsEqual(key) }), body == lastBody {
      report.doubles += 1
      own.add(flags, seq)
      return
    }
    lastKey = Array(key)
    lastBody = body
    seq += 1
    entries.append(
      LogEntry(Message(seq: seq, time: time, body: body), isRetracted: false, key: nil, digest: []))
    own.add(flags, seq)
    own.head = seq
    if flags.contains(.read) { report.read += 1 } else if body.sender == inbox?.user { sentUnread = true }
    report.own += 1
    size += body.size + 256
    count += 1
  }

  /// Adds what the reader did with a message of the shared log, which ends at `head`.
  mutating func add(shared seq: Int, head: Int, _ flags: Copy.Flags) {
    isMember = true
    report.placed += 1
    shared.add(flags, seq)
    shared.head = head
    if flags.contains(.read) { report.read += 1 }
    size += 4
  }

  /// Hands over the messages so far.
  private mutating func flush() {
    guard let inbox, !entries.isEmpty else { return }
    items.append(.entries(inbox.own, entries))
    entries = []
  }

  /// Ends the inbox under way: its marks follow its messages.
  mutating func end() {
    flush()
    guard let inbox else { return }
    if seq > 0 { report.logs += 1 }
    if isMember || sentUnread || !own.isEmpty {
      items.append(.marks(inbox, Marks(shared: shared.marks, own: own.marks, isMember: isMember)))
      report.marks += 1
      size += 256
    }
    count += 1
    (self.inbox, name, seq, own, shared) = (nil, [], 0, Flagged(), Flagged())
    (isMember, sentUnread, lastKey, lastBody) = (false, false, [], nil)
  }
}

/// Every copy in its reader's own log.
final class OwnPlacement: Placement {
  private let copies: SortedRecords
  private var logs: OwnLogs
  private var isDone = false

  init(_ copies: SortedRecords, _ report: Report) {
    self.copies = copies
    logs = OwnLogs(report)
  }

  var report: Report { logs.report }

  func next() throws -> [Restored]? {
    try logs.next(of: copies, isDone: &isDone) { $0.add($1.rest, $2) }
  }
}

extension OwnLogs {
  /// Takes records, whose keys begin with a log's name, until it is time to restore what came of them; nil after the last
  /// ones. `add` adds a record, given the reader of its key behind the name, and its value.
  mutating func next(
    of records: SortedRecords, isDone: inout Bool,
    add: (inout OwnLogs, inout KeyReader, UnsafeRawBufferPointer) -> Void
  ) throws -> [Restored]? {
    while !isDone, !isFull {
      let found: Void? = try records.next { record in
        var key = KeyReader(record.key)
        key.skipText()
        key.skipText()
        begin(record.key, nameCount: key.offset)
        add(&self, &key, record.value)
      }
      if found == nil {
        end()
        isDone = true
      }
    }
    let items = take()
    return items.isEmpty ? nil : items
  }
}

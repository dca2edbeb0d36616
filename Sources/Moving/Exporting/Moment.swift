import Inbox

/// Bytes that are put aside and read again from their beginning, such as in a temporary file. Used by one thread at a
/// time.
public protocol Spool: Sendable {
  /// Forgets all bytes.
  func clear() throws
  /// Adds bytes.
  func append(_ bytes: [UInt8]) throws
  /// Begins to read from the beginning.
  func rewind() throws
  /// The next bytes, at most some; none at the end.
  func read() throws -> [UInt8]
}

/// The moment of a store of which an export is: where its logs end, its records and its marks, put aside. Messages never
/// change, so they can be read afterwards, at leisure.
public struct Moment: Sendable {
  /// The logs that are exported, and the messages that they have.
  public private(set) var logs = 0
  /// The number of messages in these logs.
  public private(set) var messages = 0
  /// The number of inboxes whose marks are exported.
  public private(set) var marks = 0

  private static let logsTogether = 500
  private static let inboxesTogether = 200

  /// Puts aside what a view of the store has: marks as lines, logs as `HeadReader` reads them. May run again with
  /// another view.
  static func take(
    _ reader: any StoreReader, _ selection: Selection, logs: any Spool, marks: any Spool
  ) throws -> Moment {
    var moment = Moment()
    try logs.clear()
    try marks.clear()
    // Marks come first and heads last: where a view is not of one moment, no marks are of messages that came later.
    var inbox: Inbox?
    while case let page = try reader.inboxes(after: inbox, limit: inboxesTogether), let last = page.last {
      let chosen = page.filter(selection.has)
      for (inbox, value) in zip(chosen, try reader.marks(of: chosen)) {
        try marks.append(ExportLine.marks(inbox, value).bytes)
      }
      moment.marks += chosen.count
      inbox = last
    }
    var log: LogName?
    while case let page = try reader.logs(after: log, limit: logsTogether), let last = page.last {
      let chosen = page.filter { selection.part(of: $0) != nil }
      for (name, state) in zip(chosen, try reader.logs(chosen)) where state.head > 0 {
        try logs.append(Head(name: name, head: state.head, record: state.record).bytes)
        moment.logs += 1
        moment.messages += state.head - state.record.tail + 1
      }
      log = last
    }
    return moment
  }
}

/// Where a log ends, and its record.
struct Head: Hashable, Sendable {
  var name: LogName
  var head: Int
  var record: LogRecord

  var bytes: [UInt8] {
    var body = ByteWriter()
    body.writeBytes(name.encoded)
    body.writeVarint(UInt64(head))
    body.writeBytes(record == LogRecord() ? [] : record.encoded)
    // Behind the length, which has always as many bytes.
    var writer = ByteWriter()
    writer.writeNumber(UInt64(body.bytes.count))
    return writer.bytes + body.bytes
  }

  init(name: LogName, head: Int, record: LogRecord) {
    (self.name, self.head, self.record) = (name, head, record)
  }

  fileprivate init(_ bytes: ArraySlice<UInt8>) throws {
    var reader = ByteReader(Array(bytes))
    name = try LogName(encoded: Array(try reader.readBytes()))
    head = try reader.readCount()
    let record = Array(try reader.readBytes())
    self.record = record.isEmpty ? LogRecord() : try LogRecord(encoded: record)
  }
}

/// Reads the heads of a spool.
struct HeadReader {
  private let spool: any Spool
  private var bytes: [UInt8] = []

  init(_ spool: any Spool) throws {
    self.spool = spool
    try spool.rewind()
  }

  private var offset = 0

  /// The next head; nil at the end.
  mutating func next() throws -> Head? {
    while true {
      if bytes.count - offset >= 8 {
        var reader = ByteReader(Array(bytes[offset..<(offset + 8)]))
        let end = offset + 8 + Int(try reader.readNumber())
        if bytes.count >= end {
          defer { offset = end }
          return try Head(bytes[(offset + 8)..<end])
        }
      }
      let more = try spool.read()
      guard !more.isEmpty else { return nil }
      bytes = Array(bytes[offset...]) + more
      offset = 0
    }
  }
}

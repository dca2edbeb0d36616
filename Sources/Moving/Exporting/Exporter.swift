import Inbox

/// An export of a store, of one moment: what the moment decides is put aside at once, in a short read; the messages, which
/// never change, follow by the page for as long as whoever reads them takes. A message that is retracted meanwhile is
/// gone, and its retraction becomes part of the export; so does the tail of a log that retention has moved meanwhile.
public struct Exporter: Sendable {
  private let store: any MessageStore
  private let selection: Selection
  private let logs: any Spool
  private let marks: any Spool

  /// Creates an export; the spools are its own.
  public init(_ store: any MessageStore, _ selection: Selection, logs: any Spool, marks: any Spool) {
    (self.store, self.selection, self.logs, self.marks) = (store, selection, logs, marks)
  }

  /// Looks at the store: the export is of this moment.
  public func moment() async throws -> Moment {
    try await store.read { [selection, logs, marks] reader in
      try Moment.take(reader, selection, logs: logs, marks: marks)
    }
  }

  /// Returns messages of the store. Throws `damaged` at the first one that a log lacks: what is damaged may say that a
  /// log has any number of them.
  func fetch(_ request: [Piece]) async throws -> [[LogEntry]] {
    try await store.read { reader in
      // Where they end, and begin by now, is looked up for all at once.
      let logs = try reader.logs(request.map(\.log))
      return try zip(request, logs).map { piece, log in
        let first = max(piece.first, log.record.tail)
        guard case .of(let user) = piece.part else {
          let entries = try reader.entries(in: piece.log, from: first, through: piece.last)
          guard entries.count > piece.last - first else { throw StoreError.lacks(entries, from: first) }
          return entries
        }
        var numbers = SequenceSet()
        for field in [MessageField.sender(user), .receiver(user)] {
          numbers.formUnion(
            try reader.numbers(in: piece.log, where: field, from: piece.first, through: piece.last))
        }
        if numbers.isEmpty, first <= piece.last {
          let entries = try reader.entries(in: piece.log, from: first, limit: 1)
          guard entries.first?.message.seq == first else { throw StoreError.lacks([], from: first) }
        }
        return try numbers.spans.flatMap { span in
          try reader.entries(in: piece.log, from: span.first, through: span.last).filter { !$0.isRetracted }
        }
      }
    }
  }

  /// Writes the lines of the export, which is of the moment that was looked at last. `ahead` begins the work that it is
  /// given, beside this thread, and returns what waits for its result; `progress` is told the number of messages so far.
  public func write(
    ahead: (@escaping @Sendable () async throws -> [[LogEntry]]) -> () throws -> [[LogEntry]],
    to output: ([UInt8]) throws -> Void, progress: (Int) -> Void
  ) throws -> ExportLine.Totals {
    var writer = LogWriter()
    var pieces = try Pieces(logs, selection)
    try output(ExportLine.header(selection.holds).bytes)
    var request = try pieces.next()
    var found = request.isEmpty ? nil : ahead { [request] in try await fetch(request) }
    while let waiting = found {
      let entries = try waiting()
      pieces.note(entries)
      let next = try pieces.next()
      // The next page is read while this one is written.
      found = next.isEmpty ? nil : ahead { try await fetch(next) }
      for (piece, entries) in zip(request, entries) {
        try output(try writer.lines(of: entries, piece))
        progress(writer.totals.messages)
      }
      request = next
    }
    try marks.rewind()
    while case let bytes = try marks.read(), !bytes.isEmpty {
      writer.totals.marks += bytes.count { $0 == 0x0A }
      try output(bytes)
    }
    try output(ExportLine.end(writer.totals).bytes)
    return writer.totals
  }
}

/// A part of a log that is read at once.
struct Piece: Sendable {
  var log: LogName
  var part: Selection.Part
  var first: Int
  var last: Int
  /// The log at the moment of the export.
  var head: Head
}

/// Divides the logs of a spool into pieces of about the same size.
private struct Pieces {
  private var heads: HeadReader
  private let selection: Selection
  private var current: Head?
  private var first = 1
  /// The messages that are read at once, as large as they were so far.
  private var limit = 64

  /// The bytes that are read at once, about.
  private static let bytesTogether = 1 << 20
  private static let messagesTogether = 256

  init(_ spool: any Spool, _ selection: Selection) throws {
    heads = try HeadReader(spool)
    self.selection = selection
  }

  /// Adapts to the size of the messages.
  mutating func note(_ entries: [[LogEntry]]) {
    let count = entries.reduce(0) { $0 + $1.count }
    guard count > 0 else { return }
    let size = entries.reduce(0) { $0 + $1.reduce(0) { $0 + $1.size } } / count
    limit = min(max(Self.bytesTogether / max(size, 1), 8), 2 * limit, Self.messagesTogether)
  }

  /// The next pieces; none at the end.
  mutating func next() throws -> [Piece] {
    var pieces: [Piece] = []
    var count = 0
    while count < limit {
      if current == nil {
        current = try heads.next()
        first = current?.record.tail ?? 1
      }
      guard let head = current, let part = selection.part(of: head.name) else { break }
      // How many messages are somebody's is not known before.
      let last = part == .whole ? min(head.head, first + limit - count - 1) : min(head.head, first + 9_999)
      pieces.append(Piece(log: head.name, part: part, first: first, last: last, head: head))
      count += part == .whole ? last - first + 1 : 1
      first = last + 1
      if last == head.head { current = nil }
    }
    return pieces
  }
}

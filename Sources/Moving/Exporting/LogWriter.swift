import Inbox

/// Writes the lines of logs, piece by piece.
struct LogWriter {
  var totals = ExportLine.Totals()
  /// The log whose first line is written; then its tail and its last number so far.
  private var begun: LogName?
  private var tail = 1
  private var last = 0
  /// The messages that are retracted by now.
  private var retracted: [Int] = []
  private var bytes: [UInt8] = []

  private mutating func add(_ line: ExportLine) {
    totals.count(line)
    bytes += line.bytes
  }

  /// The lines of the messages that were found in a piece. Throws `damaged` if some are missing.
  mutating func lines(of entries: [LogEntry], _ piece: Piece) throws(StoreError) -> [UInt8] {
    bytes = []
    if begun != piece.log, let first = entries.first?.message.seq {
      // Retention may have moved the tail since the moment.
      (begun, tail, last, retracted) = (piece.log, first, first - 1, [])
      // How many messages somebody else has is nothing that is known of this person.
      add(
        piece.part == .whole
          ? .log(piece.log, tail: first, head: piece.head.head) : .partOfLog(piece.log))
    }
    for entry in entries {
      guard piece.part != .whole || entry.message.seq == last + 1 else { throw .lacks([], from: last + 1) }
      last = entry.message.seq
      if entry.isRetracted { retracted.append(last) }
      add(.message(piece.log, entry))
    }
    guard piece.part == .whole, piece.last == piece.head.head else { return bytes }
    guard begun == piece.log, last == piece.last else { throw .lacks([], from: piece.last) }
    var record = piece.head.record
    record.tail = tail
    // Those that were retracted since the moment.
    for seq in retracted { _ = record.retract(seq) }
    if record != LogRecord() { add(.record(piece.log, record)) }
    return bytes
  }
}

extension StoreError {
  /// The fault of a log that lacks a message from this number on, and has these.
  static func lacks(_ entries: [LogEntry], from first: Int) -> StoreError {
    let missing = zip(first..., entries).first { $0 != $1.message.seq }?.0 ?? first + entries.count
    return .damaged("a log lacks message \(missing)")
  }
}

import Inbox

/// Reads an export, line by line, and gathers what is to be restored. Plain: whoever has the lines hands them over in order.
public struct ExportReader: Sendable {
  /// A line that can't be used.
  public struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number of the line, from 1.
    public var line: Int
    /// The reason, as a sentence.
    public var reason: String

    /// Creates a problem.
    public init(line: Int, reason: String) { (self.line, self.reason) = (line, reason) }

    /// The line and the reason.
    public var description: String { "line \(line): \(reason)" }
  }

  /// What was read since `take`.
  private var portion = Portion()
  /// What was read so far.
  public private(set) var totals = ExportLine.Totals()
  /// The lines that were left out.
  public private(set) var skipped = 0
  private var holds: ExportLine.Holds?
  private var end: ExportLine.Totals?
  /// The log under way: its tail, and the number that its next message must have.
  private var log: (name: LogName, tail: Int, next: Int, head: Int)?
  /// Whether a message of the log under way is missing: then what follows can't be restored.
  private var isBroken = false
  /// The logs and the inboxes that there were, as fingerprints: each comes once.
  private var logs: Set<UInt64> = []
  private var inboxes: Set<UInt64> = []
  /// What a verification would say of a message.
  private let judge: MessageJudge

  /// Creates a reader of an export from its first line on.
  public init(_ judge: MessageJudge) { self.judge = judge }

  /// Whether the file is an export that can be imported, as its first line says.
  public var isUsable: Bool { holds != nil }

  /// Whether it is time to restore what was read.
  public var isFull: Bool { portion.isFull }

  /// What was read since the last call.
  public mutating func take() -> Portion {
    portion.close()
    defer { portion = Portion() }
    return portion
  }

  /// Reads a line without its line end; blanks around it, blank lines and a byte order mark at the start of the file are
  /// passed over. Throws a problem of this line; reading may go on with the next one, unless nothing of the file can be
  /// used.
  public mutating func read(_ line: [UInt8], line number: Int) throws(Problem) {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let bytes = number == 1 && line.starts(with: mark) ? Array(line.dropFirst(mark.count)) : line
    if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return }
    try readLine(bytes, line: number)
  }

  private mutating func readLine(_ bytes: [UInt8], line: Int) throws(Problem) {
    func problem(_ reason: String) -> Problem {
      skipped += 1
      return Problem(line: line, reason: reason)
    }
    guard end == nil else { throw problem("there is more behind the last line") }
    let found: ExportLine
    do throws(BadLine) {
      found = try ExportLine(bytes)
    } catch {
      throw problem(error.description)
    }
    if case .header(let holds) = found {
      guard self.holds == nil else { throw problem("a second header") }
      guard holds != .user else {
        throw problem(
          "an export of one person can be read, but not imported: it lacks the messages of others")
      }
      self.holds = holds
      return
    }
    guard holds != nil else { throw problem("an export begins with its header") }
    totals.count(found)
    switch found {
    case .header: break
    case .log(let name, let tail, let head):
      let lacks = unfinished
      (log, isBroken) = ((name, tail, tail, head), false)
      guard tail >= 1, tail <= head else {
        isBroken = true
        throw problem("tail and head are no possible numbers")
      }
      guard logs.insert(name.fingerprint).inserted else {
        isBroken = true
        throw problem("the log was there before: all of its messages stand together")
      }
      if let lacks { throw Problem(line: line, reason: lacks) }
    case .partOfLog:
      (log, isBroken) = (nil, false)
      throw problem("tail is missing")
    case .message(let name, var entry):
      guard let log, log.name == name else { throw problem("a message stands behind the line of its log") }
      guard !isBroken else {
        skipped += 1
        return
      }
      guard entry.message.seq == log.next else {
        isBroken = true
        throw problem("message \(log.next) is missing: the rest of its log is left out")
      }
      guard log.next <= log.head else {
        isBroken = true
        throw problem("the log ends with message \(log.head): what follows it is left out")
      }
      if entry.isRetracted { entry.message.body.clear() }
      if let fault = entry.faults(judge).first {
        isBroken = true
        throw problem("message \(log.next) \(Self.sentence(fault)): the rest of its log is left out")
      }
      self.log?.next += 1
      portion.add(entry, of: name, tail: log.tail, line: line)
    case .record(let name, let record):
      guard let log, log.name == name else { throw problem("a record stands behind the messages of its log") }
      guard !isBroken else {
        skipped += 1
        return
      }
      guard log.next == log.head + 1 else {
        isBroken = true
        throw problem("message \(log.next) is missing")
      }
      self.log = nil
      portion.add(record, of: name, line: line)
    case .marks(let inbox, let marks):
      let lacks = unfinished
      (log, isBroken) = (nil, false)
      guard inboxes.insert(inbox.own.fingerprint).inserted else {
        throw problem("the inbox's marks were there before")
      }
      portion.add(marks, of: inbox, line: line)
      if let lacks { throw Problem(line: line, reason: lacks) }
    case .end(let totals):
      end = totals
      if let lacks = unfinished { throw Problem(line: line, reason: lacks) }
      // What was told of a line need not be told again of their number.
      guard totals == self.totals || skipped > 0 else {
        throw Problem(
          line: line,
          reason:
            "the export had \(totals.messages) messages, \(totals.marks) marks and \(totals.records) records in "
            + "\(totals.logs) logs, and not all of them are here")
      }
    }
  }

  /// What is wrong with a message, after its name.
  private static func sentence(_ fault: FaultKind) -> String {
    switch fault {
    case .identifier: "has an identifier of no possible length"
    case .length: "is longer than any"
    case .data: "has data that is no JSON object, or longer than any"
    case .key: "has a key of no possible length"
    case .digest: "has the digest of another message"
    case .digestLength: "has a key without a digest of \(StoreBounds.digestLength) bytes"
    default: "can't be kept (\(fault.rawValue))"
    }
  }

  /// What the log under way lacks.
  private var unfinished: String? {
    guard let log, !isBroken, log.next <= log.head else { return nil }
    return "message \(log.next) of the log before this line is missing"
  }

  /// Must be called behind the last line, of which this is the number. Throws if the file is cut off.
  public func finish(lines: Int) throws(Problem) {
    guard end == nil else { return }
    throw Problem(
      line: lines, reason: lines == 0 ? "the file is empty" : "the file is cut off: it has no last line")
  }
}

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

  /// Creates a reader of an export from its first line on.
  public init() {}

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

  /// Reads a line without its line end. Throws a problem of this line; reading may go on with the next one, unless
  /// nothing of the file can be used.
  public mutating func read(_ bytes: [UInt8], line: Int) throws(Problem) {
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
      guard self.holds == nil, line == 1 else { throw problem("a second header") }
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
      if let lacks { throw Problem(line: line, reason: lacks) }
    case .partOfLog:
      (log, isBroken) = (nil, false)
      throw problem("tail is missing")
    case .message(let name, let entry):
      guard let log, log.name == name else { throw problem("a message stands behind the line of its log") }
      guard !isBroken else {
        skipped += 1
        return
      }
      guard entry.message.seq == log.next else {
        isBroken = true
        throw problem("message \(log.next) is missing: the rest of its log is left out")
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
      portion.add(record, of: name, line: line)
    case .marks(let inbox, let marks):
      let lacks = unfinished
      (log, isBroken) = (nil, false)
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

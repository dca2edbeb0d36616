import Inbox
import Locks
import Moving

/// The import of an export: reads the lines and restores them, a portion while the next one is read.
struct ExportImport {
  var bar = ProgressBar()
  /// The problems that were told.
  var problems: Int { told.withLock { $0 } }
  /// Whether the file is an export that can be imported.
  var isUsable: Bool { reader.isUsable }
  private let restorer: Restorer
  private let stopsAtProblems: Bool
  private var reader = ExportReader()
  // Counted by the thread that reads and by the one that restores.
  private let told = Locked(0)
  private var restoring: (() throws -> Void)?
  private var isStopped = false

  init(_ restorer: Restorer, stopsAtProblems: Bool) {
    self.restorer = restorer
    self.stopsAtProblems = stopsAtProblems
  }

  /// Reads the whole file, or up to the first problem if that ends it.
  mutating func run(_ file: inout SourceFile) throws {
    var lines = LineCutter()
    while !isStopped, case let bytes = try file.read(), !bytes.isEmpty {
      try lines.take(bytes) { try take($0, $1) }
      bar.show(done: file.done, of: file.size, messages: reader.totals.messages)
    }
    if !isStopped { try lines.finish { try take($0, $1) } }
    try flush()
    if !isStopped {
      do throws(ExportReader.Problem) {
        try reader.finish(lines: lines.count)
      } catch {
        tell(error.description)
      }
    }
    try settle()
    bar.clear()
  }

  private mutating func take(_ line: [UInt8]?, _ number: Int) throws {
    guard !isStopped else { return }
    do throws(ExportReader.Problem) {
      guard let line else {
        throw ExportReader.Problem(line: number, reason: "longer than any line of an export")
      }
      try reader.read(line, line: number)
    } catch {
      tell(error.description)
      isStopped = stopsAtProblems || !reader.isUsable
      // What is before the problem is restored all the same.
    }
    if reader.isFull { try flush() }
  }

  private func tell(_ problem: String) {
    told.withLock { $0 += 1 }
    ProgressBar.tell(problem)
  }

  /// Restores what was read since the last time, once what was read before is restored.
  private mutating func flush() throws {
    let portion = reader.take()
    try settle()
    guard !portion.items.isEmpty else { return }
    restoring = begin { [restorer, told] in
      try await restorer.restore(portion.items) { unfit in
        told.withLock { $0 += 1 }
        let line = portion.line(of: unfit).map { "line \($0): " } ?? ""
        ProgressBar.tell("\(line)\(unfit)")
      }
    }
  }

  private mutating func settle() throws {
    defer { restoring = nil }
    do {
      try restoring?()
    } catch is Restorer.Refused {
      isStopped = true
    }
  }

  /// What came of the import, as a sentence.
  func summary(isDry: Bool) throws -> String {
    let (counts, left) = try wait { [restorer] in (await restorer.counts, await restorer.skipped) }
    let read = reader.totals
    let skipped = reader.skipped + left
    let rate = bar.seconds > 0 ? Int(Double(read.messages) / bar.seconds) : 0
    func number(_ count: Int) -> String { ProgressText.grouped(count) }
    return
      "read \(number(read.messages)) messages in \(number(read.logs)) logs and \(number(read.marks)) marks; "
      + "\(isDry ? "would write" : "wrote") \(number(counts.messages)) messages and \(number(counts.marks)) marks, "
      + "\(number(skipped)) lines left out, \(number(problems)) problems; \(number(rate)) messages a second"
      + (isStopped ? "; ended at a problem: see --dry-run and --skip-bad" : "")
  }
}

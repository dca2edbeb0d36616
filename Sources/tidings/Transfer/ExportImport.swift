import API
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
  private let skipsBad: Bool
  private let isDry: Bool
  private let open: () throws -> any MessageStore
  /// What restores, once the file is known to be an export.
  private var work: (store: any MessageStore, restorer: Restorer)?
  private var reader = ExportReader(.contract)
  // Counted by the thread that reads and by the one that restores.
  private let told = Locked(0)
  private var restoring: (() throws -> Void)?
  private var isStopped = false

  /// Creates an import into the store that `open` returns.
  init(skipsBad: Bool, isDry: Bool, _ open: @escaping () throws -> any MessageStore) {
    (self.skipsBad, self.isDry, self.open) = (skipsBad, isDry, open)
  }

  /// Closes the store.
  func close() throws {
    guard let store = work?.store else { return }
    try wait { try await store.close() }
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
      isStopped = !(skipsBad || isDry) || !reader.isUsable
      // What is before the problem is restored all the same.
    }
    if work == nil, reader.isUsable {
      let store = try open()
      work = (store, Restorer(store, skipsBad: skipsBad, isDry: isDry))
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
    guard !portion.items.isEmpty, let restorer = work?.restorer else { return }
    restoring = begin { [told] in
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
  func summary() throws -> String {
    let restorer = work?.restorer
    let (counts, left) = try wait { (await restorer?.counts ?? .init(), await restorer?.skipped ?? 0) }
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

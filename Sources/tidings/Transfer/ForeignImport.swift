import Importing
import Inbox
import Locks

/// The import of documents that another program kept, from a collection or a file.
struct ForeignImport: Sendable {
  /// Where the documents are.
  enum Source: Sendable {
    case collection(MongoSource)
    /// A file.
    case file(SourceFile, FormatName)
  }

  let source: Source
  let translation: Translation
  let merges: Bool
  let skipsBad: Bool
  let isDry: Bool

  /// Reads everything, then restores it into the store that `open` returns. Tells each problem and what came of it; returns
  /// the number of problems, and the store if it was opened.
  func run(_ open: @escaping @Sendable () throws -> any MessageStore) throws -> (Int, (any MessageStore)?) {
    // Shown by the thread that reads, and cleared by the one that restores.
    let screen = Screen()
    defer { screen.clear() }
    return try wait {
      var total: Int?
      if case .collection(let collection) = source { total = try await collection.count() }
      if case .file(let file, _) = source { total = file.size }
      let work = Import(
        translation, folder: Environment.value("TMPDIR") ?? "/var/tmp",
        progress: { screen.show($0, of: total) }, onProblem: { screen.tell($0, $1) })
      try await read(work)
      screen.endOfProblems()
      if work.report.bad > 0, !skipsBad, !isDry {
        screen.tell(
          "nothing was imported: \(work.report.bad) of \(work.report.documents) documents can't be messages; --skip-bad leaves them out"
        )
        return (work.report.bad, nil)
      }
      let store = try open()
      let restorer = Restorer(store, skipsBad: skipsBad, isDry: isDry)
      let refused = Locked(0)
      let report = try await work.restore(merges: merges) { items in
        try await restorer.restore(items) { unfit in
          refused.withLock { $0 += 1 }
          screen.tell("log \(unfit.log): \(unfit)")
        }
      }
      let counts = await restorer.counts
      for line in report.lines(counts, isDry: isDry, seconds: screen.seconds) { screen.tell(line) }
      return (report.bad + refused.withLock { $0 }, store)
    }
  }

  private func read(_ work: Import) async throws {
    switch source {
    case .collection(let collection):
      try await work.read(collection)
      await collection.close()
    case .file(var file, let name):
      try work.read(name.format(translation.mapping)) { (try file.read(), file.done) }
      if file.hasChanged { throw CommandError(.retryable, "\(file.changeSentence): nothing was imported") }
    }
  }
}

/// What an import shows on stderr: the bar, and lines about problems.
private final class Screen: Sendable {
  private static let mostProblems = 1_000
  private let state = Locked((bar: ProgressBar(), problems: 0))

  /// Reading is one half of the work, restoring the other.
  func show(_ step: Import.Step, of total: Int?) {
    state.withLock { state in
      switch step {
      case .reading(let documents, let done):
        state.bar.show(done: done, of: total.map { $0 * 2 }, messages: documents)
      case .restoring(let messages, let all):
        state.bar.show(done: all + messages, of: all * 2, messages: messages)
      }
    }
  }

  func tell(_ place: Place, _ problem: Problem) {
    let count = state.withLock { state in
      state.problems += 1
      return state.problems
    }
    if count <= Self.mostProblems { tell("\(place): \(problem)") }
  }

  func endOfProblems() {
    let more = state.withLock { $0.problems } - Self.mostProblems
    if more > 0 { tell("and \(more) more documents that can't be messages") }
  }

  func tell(_ line: String) { ProgressBar.tell(line) }

  func clear() { state.withLock { $0.bar.clear() } }

  var seconds: Double { state.withLock { $0.bar.seconds } }
}

extension Report {
  /// What came of a source, for people.
  fileprivate func lines(_ counts: Restored.Counts, isDry: Bool, seconds: Double) -> [String] {
    func number(_ count: Int) -> String { ProgressText.grouped(count) }
    var lines: [String] = []
    if bad > 0 { lines.append("\(number(bad)) documents can't be messages") }
    if doubles > 0 { lines.append("\(number(doubles)) documents were there twice") }
    if !leftOut.isEmpty {
      let names = leftOut.sorted { $0.key < $1.key }.map { "\($0.key) (\(number($0.value)))" }
      lines.append("left out, since no --map names them: \(names.joined(separator: ", "))")
    }
    let made = shared > 0 ? "\(number(shared)) shared messages of \(number(merged)) copies, " : ""
    lines.append(
      "read \(number(documents)) documents: \(made)\(number(own)) messages in readers' own logs, \(number(read)) read; "
        + "\(isDry ? "would write" : "wrote") \(number(counts.messages)) messages and \(number(counts.marks)) marks in "
        + "\(number(logs)) logs; \(number(seconds > 0 ? Int(Double(documents) / seconds) : 0)) documents a second"
    )
    return lines
  }
}

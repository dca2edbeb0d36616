import Importing
import Inbox
import Logging

/// The import of documents that another program kept, from a collection or a file.
struct ForeignImport: Sendable {
  /// Where the documents are.
  enum Source: Sendable {
    case collection(MongoSource)
    /// A file and what was read of it to find out its format.
    case file(Descriptor, beginning: [UInt8], FormatName)
  }

  let source: Source
  let translation: Translation
  let merges: Bool
  let skipsBad: Bool

  /// Reads everything, then restores it by `restore`; nil for a dry run. Problems and what came of it are told by `tell`.
  func run(
    progress: @escaping @Sendable (Import.Step) -> Void, tell: @escaping @Sendable (String) -> Void,
    restore: (@Sendable ([Restored]) async throws -> Void)?
  ) throws {
    do {
      try wait {
        let problems = ProblemLines(tell)
        let work = Import(
          translation, folder: Environment.value("TMPDIR") ?? "/var/tmp", progress: progress,
          onProblem: { problems.add($0, $1) })
        try await read(work)
        problems.end()
        if work.report.bad > 0, !skipsBad, restore != nil {
          throw CommandError(
            .badData,
            "nothing was imported: \(work.report.bad) of \(work.report.documents) documents can't be messages; --skip-bad leaves them out")
        }
        let report = try await work.restore(merges: merges, restore ?? { _ in })
        for line in report.lines { tell(line) }
        if report.bad > 0, !skipsBad {
          throw CommandError(.badData, "\(report.bad) documents can't be messages; --skip-bad leaves them out")
        }
      }
    } catch let failure as SourceFailure {
      throw CommandError(.badData, failure.description)
    }
  }

  private func read(_ work: Import) async throws {
    switch source {
    case .collection(let collection):
      try await work.read(collection)
      await collection.close()
    case .file(let file, let beginning, let name):
      var beginning: [UInt8]? = beginning
      try work.read(name.format(translation.mapping)) {
        defer { beginning = nil }
        if let beginning, !beginning.isEmpty { return beginning }
        return try file.read(atMost: 256 << 10)
      }
    }
  }
}

/// Tells of the first problems one by one, and of the others their number.
private final class ProblemLines {
  private static let most = 1_000
  private let tell: (String) -> Void
  private var count = 0

  init(_ tell: @escaping (String) -> Void) { self.tell = tell }

  func add(_ place: Place, _ problem: Problem) {
    count += 1
    if count <= Self.most { tell("\(place): \(problem)") }
  }

  func end() {
    if count > Self.most { tell("and \(count - Self.most) more documents that can't be messages") }
  }
}

extension Report {
  /// What came of a source, for people.
  var lines: [String] {
    var lines = [
      "\(documents) documents: \(own) messages in readers' own logs, \(shared) in shared logs made of \(merged) copies, "
        + "\(read) of the copies read; \(logs) logs, \(marks) inboxes with marks"
    ]
    if bad > 0 { lines.append("\(bad) documents can't be messages") }
    if doubles > 0 { lines.append("\(doubles) documents were there twice") }
    if !leftOut.isEmpty {
      let names = leftOut.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }
      lines.append("fields that no --map names were left out, with the number of documents that have them: \(names.joined(separator: ", "))")
    }
    return lines
  }
}

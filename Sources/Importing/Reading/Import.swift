import Inbox
import Mongo

/// The import of documents that another program kept: all of them are read, put in order and numbered, and then restored. As the
/// numbers follow from the documents alone, the same import again completes one that was ended on the way.
public final class Import {
  private let intake: Intake
  private let translation: Translation
  private let progress: (Step) -> Void

  /// How far an import has come.
  public enum Step: Hashable, Sendable {
    /// So many documents were read, and so much of the source: documents of a collection, bytes of a file.
    case reading(Int, done: Int)
    /// So many documents were restored, or looked at.
    case restoring(Int, of: Int)
  }

  /// Creates an import; see `Intake`.
  public init(
    _ translation: Translation, memory: Int = 16 << 20, folder: String, progress: @escaping (Step) -> Void,
    onProblem: @escaping (Place, Problem) -> Void
  ) {
    self.translation = translation
    self.progress = progress
    intake = Intake(translation, memory: memory, folder: folder, onProblem: onProblem)
  }

  /// What came of the documents.
  public var report: Report { intake.report }

  /// Reads a whole collection.
  public func read(_ source: MongoSource) async throws {
    var format = BSONDocuments(translation.mapping)
    // While a page is looked at, the next one is on its way.
    var next = Task { try await source.page(after: nil) }
    while case let page = try await next.value, let last = page.last {
      next = Task { try await source.page(after: last) }
      for document in page {
        try intake.take(format.values(document), at: format.place(of: document))
      }
      progress(.reading(report.documents, done: report.documents))
    }
  }

  /// Reads a whole file; `chunk` returns its next bytes, none at the end, and the number of all so far.
  public func read(_ format: any DocumentFormat, _ chunk: () throws -> (bytes: [UInt8], done: Int)) throws {
    var format = format
    while case let (bytes, done) = try chunk(), !bytes.isEmpty {
      try format.take(bytes) { try intake.take($0.values, at: .line($0.line)) }
      progress(.reading(report.documents, done: done))
    }
    try format.finish { try intake.take($0.values, at: .line($0.line)) }
  }

  /// Restores everything that was read, by `restore`. What came of it is returned.
  public func restore(
    merges: Bool, _ restore: @escaping @Sendable ([Restored]) async throws -> Void
  ) async throws -> Report {
    let placement = try intake.placement(merges: merges)
    let total = report.documents - report.bad
    var last: Task<Void, any Error>?
    while let items = try placement.next() {
      // The next portion is made while the store writes the last one.
      try await last?.value
      last = Task { try await restore(items) }
      progress(.restoring(placement.report.placed, of: total))
    }
    try await last?.value
    return placement.report
  }
}

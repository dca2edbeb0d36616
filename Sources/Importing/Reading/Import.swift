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
    /// So many documents were read.
    case reading(Int)
    /// So many messages were restored, or looked at.
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
    let format = BSONDocuments(translation.mapping)
    // While a page is looked at, the next one is on its way.
    var next = Task { try await source.page(after: nil) }
    while case let page = try await next.value, let last = page.last {
      next = Task { try await source.page(after: last) }
      for document in page {
        try intake.take(format.values(document), at: format.place(of: document))
      }
      progress(.reading(report.documents))
    }
  }

  /// Reads a whole file; `chunk` returns its next bytes, and none at the end.
  public func read(_ format: any DocumentFormat, _ chunk: () throws -> [UInt8]) throws {
    var format = format
    while case let bytes = try chunk(), !bytes.isEmpty {
      try format.take(bytes) { try intake.take($0.values, at: .line($0.line)) }
      progress(.reading(report.documents))
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
      let report = placement.report
      progress(.restoring(report.own + report.shared, of: total))
    }
    try await last?.value
    return placement.report
  }
}

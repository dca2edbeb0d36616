/// A format of files: it finds the documents in a stream of bytes, and what they have in the fields of a mapping. A value: it
/// reads nothing and knows no store.
public protocol DocumentFormat: Sendable {
  /// Takes the next bytes; `body` gets each document that they end.
  mutating func take(_ chunk: [UInt8], _ body: (FoundDocument) throws -> Void) throws

  /// Ends the stream.
  mutating func finish(_ body: (FoundDocument) throws -> Void) throws
}

/// A document in a stream.
public struct FoundDocument: Sendable {
  /// What it has in the fields of the mapping, or the reason why it can't be read.
  public var values: Result<SourceValues, Problem>
  /// The line on which it begins.
  public var line: Int
}

/// The formats of files.
public enum FormatName: String, Sendable, CaseIterable {
  /// JSON documents, a line each or in one array; values as mongoexport writes them are understood.
  case json
  /// `dumpdata` of django-notifications-hq.
  case dumpdata
  /// A table with a line of names above it.
  case csv

  /// The format that a file has, by its first bytes; nil for one that looks like none.
  public init?(beginning: [UInt8]) {
    var text = beginning[...]
    if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
    text = text.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    switch text.first {
    case nil: return nil
    case 0x7B: self = .json
    case 0x5B:
      // Each object that Django writes begins with its model.
      let inside = text.dropFirst().drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
      let model = Array("\"model\"".utf8)
      let key = inside.dropFirst().drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
      self = inside.first == 0x7B && key.starts(with: model) ? .dumpdata : .json
    default: self = .csv
    }
  }

  /// The fields that documents of this format have.
  public var mapping: Mapping {
    switch self {
    case .json: .documents
    case .dumpdata: .dumpdata
    case .csv: .plain
    }
  }

  /// The format for these fields.
  public func format(_ mapping: Mapping) -> any DocumentFormat {
    switch self {
    case .json: JSONDocuments(mapping)
    case .dumpdata: Dumpdata(mapping)
    case .csv: CSVTable(mapping)
    }
  }
}

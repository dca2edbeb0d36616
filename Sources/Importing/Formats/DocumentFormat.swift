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
    text = text.drop(while: Self.isBlank)
    switch text.first {
    case nil: return nil
    // Each object that Django writes begins with its model, in an array or a line each.
    case 0x7B: self = Self.isOfDjango(text) && Self.has("\"fields\"", text) ? .dumpdata : .json
    case 0x5B: self = Self.isOfDjango(text.dropFirst().drop(while: Self.isBlank)) ? .dumpdata : .json
    default: self = .csv
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  private static func isOfDjango(_ text: ArraySlice<UInt8>) -> Bool {
    text.first == 0x7B && text.dropFirst().drop(while: isBlank).starts(with: "\"model\"".utf8)
  }

  private static func has(_ word: String, _ text: ArraySlice<UInt8>) -> Bool {
    text.indices.contains { text[$0...].starts(with: word.utf8) }
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

import JSON
import Mongo

/// JSON documents, a line each, one after the other or in one array. Values in the forms of MongoDB's extended JSON, version 1
/// or 2, canonical or relaxed, are what they stand for.
public struct JSONDocuments: DocumentFormat {
  private let mapping: Mapping
  private var items = JSONItems()

  /// Creates the format for these fields.
  public init(_ mapping: Mapping) { self.mapping = mapping }

  /// See `DocumentFormat.take`.
  public mutating func take(_ chunk: [UInt8], _ body: (FoundDocument) throws -> Void) throws {
    let mapping = mapping
    try items.take(chunk) { try body(FoundDocument(values: Self.values($0, mapping), line: $1)) }
  }

  /// See `DocumentFormat.finish`.
  public mutating func finish(_ body: (FoundDocument) throws -> Void) throws {
    let mapping = mapping
    try items.finish { try body(FoundDocument(values: Self.values($0, mapping), line: $1)) }
  }

  private static func values(_ text: ArraySlice<UInt8>, _ mapping: Mapping) -> Result<SourceValues, Problem> {
    do throws(JSONError) {
      let document = try JSON(parsing: Array(text), maximumDepth: 1_000)
      guard document.kind == .object else { return .failure(Problem("it is no JSON object")) }
      var values = SourceValues(mapping)
      values.fill(document, mapping)
      return .success(values)
    } catch {
      return .failure(Problem("it is no JSON: \(error.reason)"))
    }
  }
}

extension SourceValues {
  /// Takes the members of an object.
  mutating func fill(_ document: JSON, _ mapping: Mapping) {
    for (key, value) in document.members {
      guard let name = key.string else { continue }
      var isKnown = false
      for (index, slot) in mapping.slots.enumerated() where slot.path[0] == name {
        isKnown = true
        values[index] = SourceValue(at: slot.path.dropFirst(), of: value)
      }
      if !isKnown && !mapping.ignored.contains(name) { others.append(name) }
    }
  }
}

extension SourceValue {
  /// The value at a path inside another one.
  fileprivate init(at path: ArraySlice<String>, of json: JSON) {
    guard let name = path.first else {
      self.init(json)
      return
    }
    guard let member = json.members.first(where: { $0.key.string == name }) else {
      self = .null
      return
    }
    self.init(at: path.dropFirst(), of: member.value)
  }

  /// The value that JSON stands for.
  init(_ json: JSON) {
    switch json.kind {
    case .null: self = .null
    case .bool: self = .bool(json.bool ?? false)
    case .number: self = json.integer.map { .integer($0) } ?? json.double.map { .double($0) } ?? .other
    case .string: self = .text(json.string ?? "")
    case .array: self = .json(json.plain)
    case .object: self = Self.extended(json) ?? .json(json.plain)
    }
  }
}

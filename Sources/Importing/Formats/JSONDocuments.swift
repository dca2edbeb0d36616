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
    case .array: self = .json(Array(json.raw))
    case .object: self = Self.extended(json) ?? .json(Array(json.raw))
    }
  }

  /// The value of an object in one of the forms of extended JSON; nil for any other object.
  private static func extended(_ object: JSON) -> SourceValue? {
    guard let (key, value) = object.members.first(where: { _ in true }), let name = key.string,
      name.hasPrefix("$")
    else {
      return nil
    }
    switch (name, object.count) {
    case ("$oid", 1):
      return value.string.flatMap { BSONObjectID(hexadecimal: $0) }.map { .objectID($0) } ?? .other
    case ("$date", 1): return date(value)
    case ("$numberInt", 1), ("$numberLong", 1):
      return value.string.flatMap { Int64($0) }.map { .integer($0) } ?? .other
    case ("$numberDouble", 1): return value.string.flatMap { Double($0) }.map { .double($0) } ?? .other
    case ("$numberDecimal", 1), ("$symbol", 1), ("$uuid", 1): return value.string.map { .text($0) } ?? .other
    case ("$undefined", 1): return .null
    case ("$ref", 2...):
      // A reference of MongoEngine's: the id of the document that it leads to.
      return object["$id"].map { SourceValue($0) } ?? .other
    default: return .other
    }
  }

  /// `{"$date": ...}`: a text, milliseconds, or these as `{"$numberLong": "..."}`.
  private static func date(_ value: JSON) -> SourceValue {
    switch SourceValue(value) {
    case .integer(let milliseconds): .clock(milliseconds)
    case .double(let milliseconds) where abs(milliseconds) < 1e17: .clock(Int64(milliseconds.rounded(.down)))
    case .text(let text): ClockText(text).map { .clock($0.clock - ($0.offset ?? 0)) } ?? .other
    default: .other
    }
  }
}

extension BSONObjectID {
  /// The id with these 24 digits.
  fileprivate init?(hexadecimal text: String) {
    let digits = text.utf8
    guard digits.count == 24, let high = UInt64(text.prefix(16), radix: 16),
      let low = UInt32(text.suffix(8), radix: 16),
      digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") })
    else { return nil }
    self.init(high: high, low: low)
  }
}

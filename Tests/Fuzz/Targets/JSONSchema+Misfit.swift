import JSON

@testable import API

extension JSONSchema {
  /// The first part of a value that does not fit, with its place; nil if the value fits.
  func misfit(_ json: JSON, at place: String = "$") -> String? {
    switch self {
    case .any: return nil
    case .described(let schema, _), .defaulting(let schema, _): return schema.misfit(json, at: place)
    case .component(let name):
      guard let component = Components.schemas.first(where: { $0.name == name }) else { return "no \(name)" }
      return component.schema.misfit(json, at: place)
    case .anyOf(let choices):
      let misfits = choices.map { $0.misfit(json, at: place) }
      return misfits.contains(nil) ? nil : misfits.compactMap { $0 }.joined(separator: " or ")
    case .constant(let text):
      return json.raw.elementsEqual(text.utf8) ? nil : "\(place): not \(text)"
    case .null: return json.isNull ? nil : "\(place): not null"
    case .boolean: return json.bool != nil ? nil : "\(place): no boolean"
    case .number: return json.kind == .number ? nil : "\(place): no number"
    case .integer(let minimum, let maximum):
      guard let value = json.integer else { return "\(place): no integer" }
      return value >= minimum ?? .min && value <= maximum ?? .max ? nil : "\(place): out of range"
    case .enumeration(let words):
      return json.string.map(words.contains) == true ? nil : "\(place): none of \(words)"
    case .string(let minLength, let maxLength, let pattern, _):
      guard let string = json.string else { return "\(place): no string" }
      let count = string.unicodeScalars.count
      guard count >= minLength ?? 0, count <= maxLength ?? .max else { return "\(place): its length" }
      return pattern.map { Self.matches(string, $0) } ?? true ? nil : "\(place): not \(pattern ?? "")"
    case .array(let element, let minItems, let maxItems):
      guard json.kind == .array else { return "\(place): no array" }
      guard json.count >= minItems ?? 0, json.count <= maxItems ?? .max else { return "\(place): its length" }
      return json.elements.enumerated().lazy
        .compactMap { element.misfit($1, at: "\(place)/\($0)") }.first
    case .map(let value):
      guard json.kind == .object else { return "\(place): no object" }
      return json.members.lazy.compactMap { value.misfit($0.value, at: "\(place)/\($0.key.string ?? "")") }
        .first
    case .object(let properties, let isOpen):
      return misfit(object: json, properties, isOpen: isOpen, at: place)
    }
  }

  private func misfit(object json: JSON, _ properties: [Property], isOpen: Bool, at place: String) -> String?
  {
    guard json.kind == .object else { return "\(place): no object" }
    var met: Set<String> = []
    for (key, value) in json.members {
      let name = key.string ?? ""
      met.insert(name)
      guard let property = properties.first(where: { $0.name == name }) else {
        if isOpen { continue }
        return "\(place)/\(name): no such member"
      }
      if let misfit = property.schema.misfit(value, at: "\(place)/\(name)") { return misfit }
    }
    return properties.first { $0.isRequired && !met.contains($0.name) }.map { "\(place)/\($0.name): missing" }
  }

  /// Returns whether a string matches one of the contract's patterns, without the cost of a general regular
  /// expression.
  private static func matches(_ string: String, _ pattern: String) -> Bool {
    let shape = string.utf8.map { (0x30...0x39).contains($0) ? UInt8(ascii: "0") : $0 }
    switch pattern {
    case "^[0-9]+$": return !shape.isEmpty && shape.allSatisfy { $0 == UInt8(ascii: "0") }
    case "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$":
      return shape == Array("0000-00-00T00:00:00.000Z".utf8)
    default: return false
    }
  }
}

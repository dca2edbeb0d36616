import JSON

/// The part of JSON Schema (2020-12) that the contract uses.
indirect enum JSONSchema: Sendable {
  case any
  case null
  case boolean
  case integer(_ minimum: Int? = nil, _ maximum: Int? = nil)
  case number
  case string(minLength: Int? = nil, maxLength: Int? = nil, pattern: String? = nil, format: String? = nil)
  case enumeration([String])
  case constant(String)
  case array(JSONSchema, minItems: Int? = nil, maxItems: Int? = nil)
  case object([Property], open: Bool = false)
  case map(JSONSchema)
  case anyOf([JSONSchema])
  /// A reference to one of the document's component schemas.
  case component(String)
  case described(JSONSchema, String)
  /// A schema with the default of a value that is left out, as JSON text.
  case defaulting(JSONSchema, json: String)

  struct Property: Sendable {
    var name: String
    var schema: JSONSchema
    var isRequired: Bool

    init(_ name: String, _ schema: JSONSchema, optional: Bool = false) {
      self.name = name
      self.schema = schema
      isRequired = !optional
    }
  }
}

extension JSONSchema {
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writeKeywords(to: &writer)
    writer.endObject()
  }

  private func writeKeywords(to writer: inout JSONWriter) {
    switch self {
    case .any: break
    case .null: writer.member("type", "null")
    case .boolean: writer.member("type", "boolean")
    case .number: writer.member("type", "number")
    case .integer(let minimum, let maximum):
      writer.member("type", "integer")
      if let minimum { writer.member("minimum", minimum) }
      if let maximum, maximum != .max { writer.member("maximum", maximum) }
    case .string(let minLength, let maxLength, let pattern, let format):
      writer.member("type", "string")
      if let minLength { writer.member("minLength", minLength) }
      if let maxLength { writer.member("maxLength", maxLength) }
      if let pattern { writer.member("pattern", pattern) }
      if let format { writer.member("format", format) }
    case .enumeration(let words):
      writer.key("enum")
      writer.beginArray()
      for word in words { writer.string(word) }
      writer.endArray()
    case .constant(let json):
      writer.key("const")
      writer.raw(json)
    case .array(let element, let minItems, let maxItems):
      writer.member("type", "array")
      writer.key("items")
      element.write(to: &writer)
      if let minItems { writer.member("minItems", minItems) }
      if let maxItems { writer.member("maxItems", maxItems) }
    case .object(let properties, let open):
      writeObject(properties, open: open, to: &writer)
    case .map(let value):
      writer.member("type", "object")
      writer.key("additionalProperties")
      value.write(to: &writer)
    case .anyOf(let choices):
      writer.key("anyOf")
      writer.beginArray()
      for choice in choices { choice.write(to: &writer) }
      writer.endArray()
    case .component(let name):
      writer.member("$ref", "#/components/schemas/\(name)")
    case .described(let schema, let description):
      schema.writeKeywords(to: &writer)
      writer.member("description", description)
    case .defaulting(let schema, let json):
      schema.writeKeywords(to: &writer)
      writer.key("default")
      writer.raw(json)
    }
  }

  private func writeObject(_ properties: [Property], open: Bool, to writer: inout JSONWriter) {
    writer.member("type", "object")
    if !properties.isEmpty {
      writer.key("properties")
      writer.beginObject()
      for property in properties {
        writer.key(property.name)
        property.schema.write(to: &writer)
      }
      writer.endObject()
      let required = properties.filter(\.isRequired)
      if !required.isEmpty {
        writer.key("required")
        writer.beginArray()
        for property in required { writer.string(property.name) }
        writer.endArray()
      }
    }
    if !open { writer.member("additionalProperties", false) }
  }
}

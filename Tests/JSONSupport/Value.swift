import JSON

/// A JSON value as a tree, for comparing and for random generation. A number is its text.
package enum Value: Equatable {
  case null
  case bool(Bool)
  case number(String)
  case string([Unicode.Scalar])
  case array([Value])
  case object([Member])

  package struct Member: Equatable {
    package var key: [Unicode.Scalar]
    package var value: Value

    package init(key: [Unicode.Scalar], value: Value) {
      self.key = key
      self.value = value
    }
  }

  /// Reads the whole content of a parsed text through the public interface.
  package init(_ json: JSON) throws {
    switch json.kind {
    case .null: self = .null
    case .bool: self = .bool(try unwrap(json.bool))
    case .number: self = .number(String(decoding: json.raw, as: UTF8.self))
    case .string: self = .string(Array(try unwrap(json.string).unicodeScalars))
    case .array: self = .array(try json.elements.map { try Value($0) })
    case .object:
      self = .object(
        try json.members.map { key, value in
          Member(key: Array(try unwrap(key.string).unicodeScalars), value: try Value(value))
        })
    }
  }

  package func write(to writer: inout JSONWriter) {
    switch self {
    case .null: writer.null()
    case .bool(let value): writer.bool(value)
    case .number(let digits): writer.raw(Array(digits.utf8))
    case .string(let scalars): writer.string(JSONSupport.text(of: scalars))
    case .array(let elements):
      writer.beginArray()
      for element in elements { element.write(to: &writer) }
      writer.endArray()
    case .object(let members):
      writer.beginObject()
      for member in members {
        writer.key(JSONSupport.text(of: member.key))
        member.value.write(to: &writer)
      }
      writer.endObject()
    }
  }

  package var text: [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.take()
  }
}

/// The error for something expected that is missing.
package struct Absent: Error {}

package func unwrap<T>(_ value: T?) throws -> T {
  guard let value else { throw Absent() }
  return value
}

package func text(of scalars: [Unicode.Scalar]) -> String {
  var string = String.UnicodeScalarView()
  string.append(contentsOf: scalars)
  return String(string)
}

/// A text for people, whatever its bytes are.
package func shown(_ text: [UInt8]) -> String {
  text.prefix(300).map {
    (0x20..<0x7f).contains($0) ? String(Unicode.Scalar($0)) : "<\(String($0, radix: 16))>"
  }
  .joined() + (text.count > 300 ? "... \(text.count) bytes" : "")
}

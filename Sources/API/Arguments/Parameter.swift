import JSON
import JSONRPC

/// A parameter of a method.
struct Parameter<Value: Sendable>: ParameterDescription {
  let name: StaticString
  let summary: String
  let form: Form<Value>
  /// The value of a parameter that is left out; nil if it is required.
  let standard: Value?

  /// Creates a required parameter.
  init(_ name: StaticString, _ form: Form<Value>, _ summary: String) {
    self.init(name: name, summary: summary, form: form, standard: nil)
  }

  /// Creates a parameter that has the value `standard` when it is left out or null.
  init(_ name: StaticString, _ form: Form<Value>, or standard: Value, _ summary: String) {
    self.init(name: name, summary: summary, form: form, standard: standard)
  }

  private init(name: StaticString, summary: String, form: Form<Value>, standard: Value?) {
    self.name = name
    self.summary = summary
    self.form = form
    self.standard = standard
  }

  /// The same parameter, made optional.
  var optional: Parameter<Value?> {
    Parameter<Value?>(name, form.optional, or: nil, summary)
  }

  var schema: JSONSchema { standardJSON.map { .defaulting(form.schema, json: $0) } ?? form.schema }
  var isRequired: Bool { standard == nil }

  /// The default as JSON text, if it can be stated: numbers, booleans, and words, which need no escapes.
  private var standardJSON: String? {
    switch standard {
    case let number as Int: "\(number)"
    case let flag as Bool: "\(flag)"
    case let word as any RawRepresentable<String>: "\"\(word.rawValue)\""
    default: nil
    }
  }
}

/// The description of a parameter in the contract.
protocol ParameterDescription: Sendable {
  /// The parameter's name on the wire.
  var name: StaticString { get }
  /// The meaning of the parameter.
  var summary: String { get }
  /// The schema of the parameter's value.
  var schema: JSONSchema { get }
  /// Whether the parameter is required.
  var isRequired: Bool { get }
}

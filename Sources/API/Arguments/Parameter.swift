import JSON
import JSONRPC

/// A parameter of a method.
struct Parameter<Value: Sendable>: ParameterDescription {
  let name: StaticString
  let summary: String
  let form: Form<Value>
  /// What it is when it is left out; nil if it can't be.
  let standard: Value?

  /// A parameter that must be given.
  init(_ name: StaticString, _ form: Form<Value>, _ summary: String) {
    self.init(name: name, summary: summary, form: form, standard: nil)
  }

  /// A parameter that is `standard` when it is left out or null.
  init(_ name: StaticString, _ form: Form<Value>, or standard: Value, _ summary: String) {
    self.init(name: name, summary: summary, form: form, standard: standard)
  }

  private init(name: StaticString, summary: String, form: Form<Value>, standard: Value?) {
    self.name = name
    self.summary = summary
    self.form = form
    self.standard = standard
  }

  /// The same parameter where it may be left out.
  var optional: Parameter<Value?> {
    Parameter<Value?>(name, form.optional, or: nil, summary)
  }

  var schema: Schema { standardJSON.map { .defaulting(form.schema, json: $0) } ?? form.schema }
  var isRequired: Bool { standard == nil }

  /// The default, where it can be named: numbers, truth values, and words, which need no escapes.
  private var standardJSON: String? {
    switch standard {
    case let number as Int: "\(number)"
    case let flag as Bool: "\(flag)"
    case let word as any RawRepresentable<String>: "\"\(word.rawValue)\""
    default: nil
    }
  }
}

/// What the contract says of a parameter.
protocol ParameterDescription: Sendable {
  /// Its name on the wire.
  var name: StaticString { get }
  /// What it means.
  var summary: String { get }
  /// Its form.
  var schema: Schema { get }
  /// Whether it must be given.
  var isRequired: Bool { get }
}

import JSON

/// The form of a value on the wire: how it is read, and how it is described.
struct Form<Value: Sendable>: Sendable {
  /// How the contract describes it.
  let schema: Schema
  /// What it must be, as an error says it: "a string of ...".
  let rule: String
  /// Reads it; throws `Misfit` for anything else.
  let read: @Sendable (JSON) throws(Misfit) -> Value
}

/// A value that is not of its form.
struct Misfit: Error {
  /// Where inside the value, as the rest of a JSON Pointer; empty for the value itself.
  var pointer = ""
  /// What it must be.
  var rule: String
}

extension Form {
  /// A form that is read by a function which gives nil for what does not fit.
  init(_ schema: Schema, _ rule: String, _ read: @escaping @Sendable (JSON) -> Value?) {
    self.init(schema: schema, rule: rule) { json throws(Misfit) in
      guard let value = read(json) else { throw Misfit(rule: rule) }
      return value
    }
  }

  /// The same form for a value that may be absent.
  var optional: Form<Value?> {
    Form<Value?>(schema: schema, rule: rule) { [read] json throws(Misfit) in try read(json) }
  }
}

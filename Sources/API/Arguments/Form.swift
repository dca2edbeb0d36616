import JSON

/// The form of a value on the wire: how it is read, and how it is described.
struct Form<Value: Sendable>: Sendable {
  /// The description of the form in the contract.
  let schema: JSONSchema
  /// The rule for the value, as an error states it: "a string of ...".
  let rule: String
  /// Reads the value; throws `Misfit` for a value that does not fit.
  let read: @Sendable (JSON) throws(Misfit) -> Value
}

/// The error for a value that does not fit its form.
struct Misfit: Error {
  /// The place inside the value, as the rest of a JSON Pointer; empty for the value itself.
  var pointer = ""
  /// The rule that the value breaks.
  var rule: String
}

extension Form {
  /// Creates a form with a function that returns nil for a value that does not fit.
  init(_ schema: JSONSchema, _ rule: String, _ read: @escaping @Sendable (JSON) -> Value?) {
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

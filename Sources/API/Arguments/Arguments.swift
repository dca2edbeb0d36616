import JSON
import JSONRPC

/// The parameters of a request.
struct Arguments {
  private let params: JSON?
  private let defaults: JSON?
  /// The lengths of the names that are given: most parameters are left out, and need not be looked for.
  private let lengths: UInt64

  /// Creates the arguments of a request. `defaults` has the values of parameters that are left out; they take
  /// precedence over a parameter's own default.
  init(_ params: JSON?, defaults: JSON? = nil) {
    self.params = params
    self.defaults = defaults
    lengths = params?.keyLengths ?? 0
  }

  /// The value of a parameter; null is the same as left out.
  func callAsFunction<Value>(_ parameter: Parameter<Value>) throws(RPCError) -> Value {
    guard let json = given(parameter.name) ?? defaults?[parameter.name] else {
      guard let standard = parameter.standard else {
        throw .invalidParams(pointer: "/\(parameter.name)", message: "\(parameter.name) is required")
      }
      return standard
    }
    do {
      return try parameter.form.read(json)
    } catch {
      let place = error.pointer.isEmpty ? "\(parameter.name)" : "\(parameter.name)\(error.pointer)"
      throw .invalidParams(
        pointer: "/\(parameter.name)\(error.pointer)", message: "\(place) must be \(error.rule)")
    }
  }

  private func given(_ name: StaticString) -> JSON? {
    guard lengths & 1 << UInt64(min(name.utf8CodeUnitCount, 63)) != 0, let json = params?[name], !json.isNull
    else { return nil }
    return json
  }

  /// Refuses the first parameter whose name is not among these.
  func refuseUnknown(_ known: [StaticString]) throws(RPCError) {
    guard let params, params.count > 0 else { return }
    for (key, _) in params.members
    where !key.equals(anyOf: known) && !key.equals("_meta") {
      let name = key.string ?? ""
      throw .invalidParams(
        pointer: "/" + JSON.pointerToken(name), message: "there is no parameter of this name")
    }
  }
}

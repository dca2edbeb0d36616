import JSON

/// One JSON-RPC message, read from a JSON value. Reading has no effects: nothing is looked up or run.
enum Envelope: Sendable {
  /// A request, or a notification if `id` is nil. `params` is nil or an object.
  case call(id: RequestID?, method: JSON, params: JSON?)
  /// A call with parameters by position, which no method takes. It is answered if it has an id.
  case positional(id: RequestID?, method: JSON)
  /// An answer to a request that the server never made. It is ignored.
  case response
  /// Not a valid request. The answer has the request's id if that is valid, otherwise `id: null`.
  case invalid(id: RequestID?, RPCError)

  init(_ json: JSON) {
    guard json.kind == .object else {
      self = .invalid(id: nil, .invalidRequest("a request is an object"))
      return
    }
    var id: RequestID?
    if let given = json["id"] {
      guard let valid = RequestID(given) else {
        let isResponse = given.isNull && json["method"] == nil && json["error"] != nil
        self =
          isResponse ? .response : .invalid(id: nil, .invalidRequest(RequestID.rule))
        return
      }
      id = valid
    }
    guard json["jsonrpc"]?.equals("2.0") == true else {
      self = .invalid(id: id, .invalidRequest("jsonrpc must be \"2.0\""))
      return
    }
    guard let method = json["method"] else {
      let isResponse = id != nil && (json["result"] != nil || json["error"] != nil)
      self = isResponse ? .response : .invalid(id: id, .invalidRequest("a request has a method"))
      return
    }
    guard method.kind == .string else {
      self = .invalid(id: id, .invalidRequest("a method is a string"))
      return
    }
    guard let params = json["params"] else {
      self = .call(id: id, method: method, params: nil)
      return
    }
    switch params.kind {
    case .object: self = .call(id: id, method: method, params: params)
    case .null: self = .call(id: id, method: method, params: nil)
    case .array:
      self =
        params.count == 0
        ? .call(id: id, method: method, params: nil) : .positional(id: id, method: method)
    default: self = .invalid(id: id, .invalidRequest("params is an object or an array"))
    }
  }
}

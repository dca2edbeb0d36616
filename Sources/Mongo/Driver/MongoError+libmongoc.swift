import CMongoC
import Runtime

extension MongoError {
  /// The operation during which an error occurs; the outcome depends on it.
  enum Operation {
    case read
    case write
    /// A write of several commands, of which earlier ones may already be done.
    case writes
  }

  /// Calls libmongoc with a place for its error, and throws the translated error if the call returns false.
  static func check(
    _ operation: Operation, reply: borrowing BSONOwner,
    _ call: (UnsafeMutablePointer<bson_error_t>) -> Bool
  ) throws(MongoError) {
    var error = bson_error_t()
    guard !call(&error) else { return }
    throw MongoError(error, operation, reply: reply.document)
  }

  /// Translates an error of libmongoc and the reply that came with it.
  init(_ error: bson_error_t, _ operation: Operation, reply: BSONDocument?) {
    let domain = Self.name(ofDomain: error.domain)
    let code = Int32(truncatingIfNeeded: error.code)
    let labels = Self.labels(in: reply)
    let message = withUnsafeBytes(of: error.message) { raw in
      String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }
    let kind = Self.kind(domain: error.domain, code: code, message: message)
    self.init(
      kind, message, domain: domain, code: code, labels: labels,
      outcome: Self.outcome(operation, kind: kind, domain: error.domain, code: code, labels: labels),
      hasWriteConcernError: kind == .writeConcern)
  }

  private static func labels(in reply: BSONDocument?) -> [String] {
    // A reply that can't be read has no labels; the error itself is reported all the same.
    do {
      guard let element = try reply?.find("errorLabels"), element.type == .array else { return [] }
      return try element.array().values().compactMap {
        if case .string(let label) = $0 { label } else { nil }
      }
    } catch {
      return []
    }
  }

  private static func kind(domain: UInt32, code: Int32, message: String) -> Kind {
    switch mongoc_error_domain_t(domain) {
    case MONGOC_ERROR_SERVER_SELECTION: return .unavailable
    case MONGOC_ERROR_STREAM: return .network
    case MONGOC_ERROR_WRITE_CONCERN: return .writeConcern
    case MONGOC_ERROR_CLIENT where code == Int32(MONGOC_ERROR_CLIENT_AUTHENTICATE.rawValue):
      // libmongoc gives the same code to a connection lost during authentication.
      return message.holds("socket error") || message.holds("Failed to") ? .network : .authentication
    case MONGOC_ERROR_SERVER, MONGOC_ERROR_QUERY:
      return kind(ofServerCode: code)
    case MONGOC_ERROR_PROTOCOL, MONGOC_ERROR_CURSOR: return .malformedReply
    default: return .invalidArgument
    }
  }

  static func kind(ofServerCode code: Int32) -> Kind {
    if ServerCode.authentication.contains(code) { return .authentication }
    if ServerCode.unauthorized.contains(code) { return .unauthorized }
    if ServerCode.replacedCollection.contains(code) { return .replacedCollection }
    if ServerCode.unsupported.contains(code) { return .unsupported }
    if ServerCode.timeLimit.contains(code) { return .deadlineExceeded }
    return .server
  }

  private static func outcome(
    _ operation: Operation, kind: Kind, domain: UInt32, code: Int32, labels: [String]
  ) -> Outcome {
    guard operation != .read else { return .known }
    if labels.contains("RetryableWriteError") || labels.contains("UnknownTransactionCommitResult") {
      return .unknown
    }
    switch kind {
    // libmongoc reports the first error if it finds no server for the second attempt. So nothing was sent
    // here, except for the earlier commands of a bulk.
    case .unavailable, .authentication, .overloaded, .closed, .unsupported, .invalidArgument, .unauthorized,
      .replacedCollection:
      return operation == .writes ? .unknown : .known
    case .network, .writeConcern, .malformedReply: return .unknown
    case .deadlineExceeded: return domain == MONGOC_ERROR_SERVER.rawValue ? .unknown : .known
    case .server: return ServerCode.unknownAfterWrite.contains(code) ? .unknown : .known
    }
  }

  private static func name(ofDomain domain: UInt32) -> String {
    switch mongoc_error_domain_t(domain) {
    case MONGOC_ERROR_CLIENT: "client"
    case MONGOC_ERROR_STREAM: "stream"
    case MONGOC_ERROR_PROTOCOL: "protocol"
    case MONGOC_ERROR_CURSOR: "cursor"
    case MONGOC_ERROR_QUERY: "query"
    case MONGOC_ERROR_BSON: "bson"
    case MONGOC_ERROR_COMMAND: "command"
    case MONGOC_ERROR_SERVER_SELECTION: "server_selection"
    case MONGOC_ERROR_WRITE_CONCERN: "write_concern"
    case MONGOC_ERROR_SERVER: "server"
    default: "libmongoc \(domain)"
    }
  }
}

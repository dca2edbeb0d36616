/// An error from libmongoc or the server.
public struct MongoError: Error, Sendable {
  /// The kind of an error, by its meaning to the caller.
  public enum Kind: Sendable, Hashable {
    /// No primary could be reached within the selection timeout.
    case unavailable
    /// The connection broke, or the server didn't answer in time.
    case network
    /// The caller's deadline passed.
    case deadlineExceeded
    /// The queue in front of the pool is full.
    case overloaded
    /// The pool is closed.
    case closed
    /// The server refuses the credentials.
    case authentication
    /// The user has no right to do this.
    case unauthorized
    /// The collection is gone, or is another one than ``MongoSession/collectionUUIDs`` says: nothing was
    /// done.
    case replacedCollection
    /// The write is done, but could not be confirmed by a majority.
    case writeConcern
    /// The server or topology does not support the operation.
    case unsupported
    /// libmongoc refuses to send the command or document.
    case invalidArgument
    /// The answer is malformed.
    case malformedReply
    /// The server refused the command or a part of it.
    case server
  }

  /// Whether the caller knows what happened to a write.
  public enum Outcome: Sendable, Hashable {
    /// Only what the result says was written, and that lasts.
    case known
    /// The write may have been done, may still be done, or may be rolled back.
    case unknown
  }

  /// The kind of the error.
  public var kind: Kind
  /// libmongoc's name for the origin of the error, such as `server` or `stream`.
  public var domain: String
  /// The server's code (domain `server`), or libmongoc's.
  public var code: Int32
  /// The server's error labels.
  public var labels: [String]
  /// The server's or libmongoc's text, without credentials.
  public var message: String
  /// Whether the caller knows what happened to a write. A read's outcome is always known.
  public var outcome: Outcome
  /// Whether a majority failed to confirm a write.
  public var hasWriteConcernError: Bool

  init(
    _ kind: Kind, _ message: String, domain: String = "pool", code: Int32 = 0, labels: [String] = [],
    outcome: Outcome = .known, hasWriteConcernError: Bool = false
  ) {
    self.kind = kind
    self.domain = domain
    self.code = code
    self.labels = labels
    self.message = Secrets.redact(message)
    self.outcome = outcome
    self.hasWriteConcernError = hasWriteConcernError
  }

  /// Whether a unique index refused a document.
  public var isDuplicateKey: Bool {
    domain == "server" && ServerCode.duplicateKey.contains(code)
  }

  /// Whether the server refused a command as a bad value: among other causes, a hint at a missing index.
  public var mayLackIndex: Bool { domain != "client" && code == ServerCode.badValue }

  /// Whether the same call may succeed later.
  public var isRetryable: Bool {
    switch kind {
    case .unavailable, .network, .deadlineExceeded, .overloaded, .writeConcern: true
    case .closed, .authentication, .unauthorized, .replacedCollection, .unsupported, .invalidArgument,
      .malformedReply:
      false
    case .server:
      labels.contains(where: Self.transientLabels.contains) || ServerCode.transient.contains(code)
    }
  }

  private static let transientLabels: Set<String> = [
    "RetryableWriteError", "TransientTransactionError", "ResumableChangeStreamError",
  ]
}

extension MongoError: CustomStringConvertible {
  /// The kind, the code and the message.
  public var description: String {
    let place = code == 0 ? domain : "\(domain) \(code)"
    let unknown = outcome == .unknown ? ", outcome unknown" : ""
    return "\(kind) (\(place)\(unknown)): \(message)"
  }
}

import Inbox
import Mongo

extension StoreError {
  /// What an error of a read, or of a write that is known to have changed nothing, means to a caller. The
  /// server's own texts may quote what is stored; only those about the connection are passed on.
  init(_ error: MongoError) {
    switch error.kind {
    case .unavailable: self = .unavailable(error.message)
    case .network: self = .unavailable("the connection to MongoDB broke: \(error.message)")
    case .deadlineExceeded: self = .late
    case .overloaded: self = .unavailable("too many calls wait for MongoDB")
    case .closed: self = .closed
    case .authentication: self = .unavailable("MongoDB refuses the credentials")
    case .unauthorized: self = .unavailable("MongoDB: this user lacks the rights to read and write here")
    case .writeConcern: self = .unavailable("a majority of MongoDB's servers did not confirm in time")
    case .unsupported, .invalidArgument, .malformedReply, .server:
      self = .unavailable("MongoDB failed (\(error.domain) \(error.code)): see tidings doctor")
    }
  }

  static let closed = StoreError.unavailable("the store is closed")

  /// The caller's deadline has passed.
  static let late = StoreError.unavailable("MongoDB did not answer in time")

  /// A log has holes.
  static let damagedLog = StoreError.damaged("a log lacks messages that its head says it has")

  static let notConfirmed = StoreError.outcomeUnknown(
    "MongoDB could not confirm in time what became of the write")
}

/// A message was retracted between a view's first command and a later one: the view has to begin anew.
struct StaleView: Error {}

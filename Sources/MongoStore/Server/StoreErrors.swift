import Inbox
import Mongo

extension StoreError {
  /// Translates the error of a read, or of a write that is known to have changed nothing. The server's
  /// messages may quote stored contents, so only those about the connection are passed on.
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
    case .replacedCollection: self = .replaced
    case .server where error.mayLackIndex: self = .lacksIndex
    case .server where error.code == Self.snapshotTooOld:
      self = .unavailable(
        "MongoDB no longer has the moment that is read: raise its minSnapshotHistoryWindowInSeconds")
    case .unsupported, .invalidArgument, .malformedReply, .server:
      self = .unavailable("MongoDB failed (\(error.domain) \(error.code)): see tidings doctor")
    }
  }

  private static let snapshotTooOld: Int32 = 239

  /// The reason in words.
  var reason: String {
    switch self {
    case .unavailable(let reason), .outcomeUnknown(let reason), .damaged(let reason),
      .limitReached(let reason), .interrupted(let reason, _):
      reason
    case .notFound: "not found"
    case .conflict: "conflict"
    case .unfit(let unfit): unfit.description
    }
  }

  static let closed = StoreError.unavailable("the store is closed")

  /// The caller's deadline has passed.
  static let late = StoreError.unavailable("MongoDB did not answer in time")

  /// The collections are not those that this process found at the start.
  static let replaced = StoreError.unavailable("the database was dropped or restored while this program ran")

  /// A log does not reach as far as it did.
  static let shortened = StoreError.unavailable("a log was emptied or restored while this program ran")

  static let lacksIndex = StoreError.unavailable(
    "MongoDB refused a query, as it does if an index is missing: see tidings doctor")

  /// The database is empty, and it is not yet clear that it stays so.
  static let emptied = StoreError.unavailable("the database has been emptied while this program ran")

  /// The messages were written to another database, or without its unique indexes.
  static let notConfirmedHere = StoreError.outcomeUnknown(
    "the database was dropped, restored or changed while this was written")

  /// A log has gaps.
  static let damagedLog = StoreError.damaged("a log lacks messages that its head says it has")

  static let notConfirmed = StoreError.outcomeUnknown(
    "MongoDB could not confirm in time what became of the write")
}

/// A message was retracted between a view's first command and a later one: the view has to begin again.
struct StaleView: Error {}

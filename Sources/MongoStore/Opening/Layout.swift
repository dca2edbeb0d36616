import Inbox
import Mongo

/// The complete database as this process found it: the server, the UUIDs of the collections, and what is
/// remembered of their contents.
struct Layout: Sendable {
  var server: MongoServerInfo
  var state: DatabaseState
  /// The pool's era when the database was examined.
  var era: Int
  var clock: ServerClock
  var past: Past
  /// Whether commands name their collections by UUID; otherwise the UUIDs are compared after each write.
  var namesCollections: Bool

  /// Makes a session's commands fail on collections other than these.
  func apply(to session: MongoSession) {
    session.collectionUUIDs = namesCollections ? state.uuids : [:]
  }
}

/// The collections of the database, as the server lists them.
struct DatabaseState: Hashable, Sendable {
  var uuids: [String: BSONUUID] = [:]
  /// The indexes of the messages, as the server lists them.
  var messageIndexes: [BSONDocument] = []
}

extension Layout {
  /// Throws unless messages that were written are in these collections, under their unique indexes. To be
  /// called after the write and before it is acknowledged. An index that exists now has refused every earlier
  /// attempt to use a number twice.
  func confirmMessages(_ session: MongoSession) throws {
    try confirmCollections(session)
    let indexes = try session.listIndexes(Collection.messages.rawValue)
    if indexes != state.messageIndexes {
      try Inspection.checkIndexes(of: .messages, indexes, onlyUnique: true)
    }
  }

  /// Throws unless the writes went to these collections: for servers to which collections can't be named by
  /// UUID.
  func confirmCollections(_ session: MongoSession) throws {
    guard !namesCollections else { return }
    let listed = try session.listCollections(Collection.allCases.map(\.rawValue))
    guard try Inspection.uuids(in: listed) == state.uuids else { throw StoreError.replaced }
  }
}

import Inbox
import Mongo

/// The database as this process found it, whole: what the server is, which collections these are, and what is
/// remembered of their contents.
struct Layout: Sendable {
  var server: MongoServerInfo
  var state: DatabaseState
  /// What was true of the servers when it was looked at.
  var era: Int
  var past: Past
  /// Whether commands say which collection they mean: otherwise it is looked at after each write.
  var namesCollections: Bool

  /// Lets a session's commands fail on other collections than these.
  func apply(to session: MongoSession) {
    session.collectionUUIDs = namesCollections ? state.uuids : [:]
  }
}

/// What the database has, as the server lists it.
struct DatabaseState: Hashable, Sendable {
  var uuids: [String: BSONUUID] = [:]
  /// The indexes of the messages, as they are listed.
  var messageIndexes: [BSONDocument] = []
}

/// What a process remembers of one past of the logs. After a drop or a restore there is another past, of which
/// nothing is known: whoever still works with the old one fills what nobody looks at any more.
final class Past: Sendable {
  /// Tells it from all others of this process.
  let number: Int
  let heads = HeadCache()
  let sent = SentCache()
  let hints = HeadHints()

  init(_ number: Int) { self.number = number }
}

extension Layout {
  /// Throws unless messages that were written are in these collections, under their unique indexes: to be asked
  /// after the write and before it is acknowledged. An index that is there now has refused every number that
  /// was given twice before.
  func confirmMessages(_ session: MongoSession) throws {
    try confirmCollections(session)
    let indexes = try session.listIndexes(Collection.messages.rawValue)
    if indexes != state.messageIndexes {
      try Inspection.checkIndexes(of: .messages, indexes, onlyUnique: true)
    }
  }

  /// Throws unless what was written is in these collections: for servers that can't be told which are meant.
  func confirmCollections(_ session: MongoSession) throws {
    guard !namesCollections else { return }
    let listed = try session.listCollections(Collection.allCases.map(\.rawValue))
    guard try Inspection.uuids(in: listed) == state.uuids else { throw StoreError.replaced }
  }
}
